#include "integration/cli/command_options.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace segue::integration {
namespace {

/// The library reads "-3" as a huge number, so digits are checked first.
std::string check_digits(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? std::string() : "`" + text + "` is no whole number of at least 0";
}

}  // namespace

void add_store_option(CLI::App& parser, std::string& store) {
  parser.add_option("--store", store, "The folder that `segue reindex` publishes to")
      ->required()
      ->type_name("DIR");
}

std::unique_ptr<plugin::SearchPlugin> open_store(const std::string& store) {
  plugin::Options options;
  options.store = store;
  return plugin::SearchPlugin::open(options);
}

void add_number_option(CLI::App& parser, const std::string& name, std::size_t& value,
                       const std::string& meaning) {
  parser.add_option(name, value, meaning)->check(check_digits)->capture_default_str()->type_name("N");
}

void add_threads_option(CLI::App& parser, std::size_t& threads) {
  add_number_option(parser, "--threads", threads, "Threads; 0: one per processor");
}

void add_seed_option(CLI::App& parser, std::uint64_t& seed, const std::string& meaning) {
  parser.add_option("--seed", seed, meaning)->check(check_digits)->capture_default_str()->type_name("N");
}

void add_skip_invalid_option(CLI::App& parser, bool& skip_invalid) {
  parser.add_flag("--skip-invalid", skip_invalid, "Count malformed lines instead of stopping at the first");
}

}  // namespace segue::integration
