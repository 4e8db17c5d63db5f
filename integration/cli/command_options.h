#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>

#include "plugin/search_plugin.h"

namespace CLI {
class App;
}

namespace segue::integration {

/// --store DIR, which has to be given.
void add_store_option(CLI::App& parser, std::string& store);

/// Throws Error (kBadInput) for a path that is there but is no folder.
void require_folder(const std::filesystem::path& path);

/// Opens the snapshot that serves. Throws Error as require_folder() and SearchPlugin::open do.
std::unique_ptr<plugin::SearchPlugin> open_store(const std::string& store);

/// A file that a command reads or writes, and the option that names it.
struct FileOption {
  std::string option;  ///< "--events"
  std::filesystem::path file;
  bool written = false;
};

/// No command may write over a file that it reads, or write one file twice. Throws Error (kUsage) that names
/// both options. Symbolic links are followed; devices and pipes may be shared.
void require_distinct_files(std::initializer_list<FileOption> files);

/// Learning curves are drawn as SVG and as nothing else. Throws Error (kUsage) that names the option unless
/// the name ends in .svg, in letters of either case.
void require_svg(const std::string& option, const std::filesystem::path& file);

/// What a number may be.
struct NumberBounds {
  std::size_t least = 0;
  std::size_t most = std::numeric_limits<std::size_t>::max();
};

/// A check for CLI11 of a whole number within bounds.
std::function<std::string(std::string)> whole_number(const NumberBounds& bounds = {});

/// An option that takes a whole number; the help shows the value that it has now as its default.
void add_number_option(CLI::App& parser, const std::string& name, std::size_t& value,
                       const std::string& meaning, const NumberBounds& bounds = {});

/// --threads N and --seed N.
void add_threads_option(CLI::App& parser, std::size_t& threads);
void add_seed_option(CLI::App& parser, std::uint64_t& seed, const std::string& meaning);

/// --skip-invalid.
void add_skip_invalid_option(CLI::App& parser, bool& skip_invalid);

}  // namespace segue::integration
