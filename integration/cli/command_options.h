#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "plugin/search_plugin.h"

namespace CLI {
class App;
}

namespace segue::integration {

/// --store DIR, which has to be given.
void add_store_option(CLI::App& parser, std::string& store);

/// Opens the snapshot that serves. Throws Error as SearchPlugin::open does.
std::unique_ptr<plugin::SearchPlugin> open_store(const std::string& store);

/// An option that takes a whole number of at least 0; the help shows the value that it has now as its
/// default.
void add_number_option(CLI::App& parser, const std::string& name, std::size_t& value,
                       const std::string& meaning);

/// --threads N and --seed N.
void add_threads_option(CLI::App& parser, std::size_t& threads);
void add_seed_option(CLI::App& parser, std::uint64_t& seed, const std::string& meaning);

/// --skip-invalid.
void add_skip_invalid_option(CLI::App& parser, bool& skip_invalid);

}  // namespace segue::integration
