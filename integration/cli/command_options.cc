#include "integration/cli/command_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <charconv>
#include <system_error>

#include "kernels/error.h"

namespace segue::integration {
namespace {

namespace fs = std::filesystem;

/// Where the path leads, so that two spellings of one file compare equal.
fs::path resolved(const fs::path& path) {
  std::error_code error;
  fs::path whole = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path.lexically_normal() : whole;
}

bool is_device_or_pipe(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status);
}

}  // namespace

void require_folder(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored) || fs::is_directory(path, ignored)) return;
  throw Error(ErrorKind::kBadInput, "is a file, not a folder", path.string(),
              "name a folder, or a path where nothing is yet");
}

void require_distinct_files(std::initializer_list<FileOption> files) {
  for (const FileOption* a = files.begin(); a != files.end(); ++a) {
    for (const FileOption* b = a + 1; b != files.end(); ++b) {
      if (a->file.empty() || b->file.empty() || !(a->written || b->written)) continue;
      if (resolved(a->file) != resolved(b->file) || is_device_or_pipe(a->file)) continue;
      throw Error(ErrorKind::kUsage, a->option + " and " + b->option + " name the same file",
                  a->file.string(), "give each a file of its own; nothing was written");
    }
  }
}

void require_svg(const std::string& option, const fs::path& file) {
  std::string extension = file.extension().string();
  for (char& letter : extension) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (extension == ".svg") return;
  throw Error(ErrorKind::kUsage,
              option + " is an SVG picture, and `" + file.string() + "` does not end in .svg", {},
              "name it " + fs::path(file).replace_extension(".svg").string());
}

void add_store_option(CLI::App& parser, std::string& store) {
  parser.add_option("--store", store, "The folder that `segue reindex` publishes to")
      ->required()
      ->type_name("DIR");
}

std::unique_ptr<plugin::SearchPlugin> open_store(const std::string& store) {
  plugin::Options options;
  options.store = store;
  require_folder(options.store);
  return plugin::SearchPlugin::open(options);
}

std::function<std::string(std::string)> whole_number(const NumberBounds& bounds) {
  // The library reads "-3" as a huge number, and what is too large as the largest.
  return [bounds](const std::string& text) -> std::string {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && value >= bounds.least &&
                       value <= bounds.most;
    if (whole) return "";
    const bool open = bounds.most == std::numeric_limits<std::size_t>::max();
    return "`" + text + "` is no whole number " +
           (open ? "of at least " + std::to_string(bounds.least)
                 : "from " + std::to_string(bounds.least) + " to " + std::to_string(bounds.most));
  };
}

void add_number_option(CLI::App& parser, const std::string& name, std::size_t& value,
                       const std::string& meaning, const NumberBounds& bounds) {
  parser.add_option(name, value, meaning)->check(whole_number(bounds))->capture_default_str()->type_name("N");
}

void add_threads_option(CLI::App& parser, std::size_t& threads) {
  add_number_option(parser, "--threads", threads, "Threads; 0: one per processor", {0, 1024});
}

void add_seed_option(CLI::App& parser, std::uint64_t& seed, const std::string& meaning) {
  parser.add_option("--seed", seed, meaning)->check(whole_number())->capture_default_str()->type_name("N");
}

void add_skip_invalid_option(CLI::App& parser, bool& skip_invalid) {
  parser.add_flag("--skip-invalid", skip_invalid, "Count malformed lines instead of stopping at the first");
}

}  // namespace segue::integration
