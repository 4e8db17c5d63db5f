#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>

#include "integration/cli/command_options.h"
#include "integration/cli/commands.h"
#include "integration/demo/demo.h"

namespace segue::integration {
namespace {

Command::Action declare(CLI::App& parser) {
  const auto options = std::make_shared<DemoOptions>();
  parser.add_option("--dir", options->folder, "The folder for the shop and its store")
      ->capture_default_str()
      ->type_name("DIR");
  add_seed_option(parser, options->shop.seed, "Another seed, another shop");
  parser.add_option("--products", options->shop.products, "Products of the shop")
      ->check(CLI::Range(kFewestDemoProducts, std::size_t{10000}))
      ->capture_default_str()
      ->type_name("N");
  parser.add_option("--events", options->shop.events, "Events of its log")
      ->check(CLI::Range(1000, 100000000))
      ->capture_default_str()
      ->type_name("N");
  parser.add_flag("--context", options->shop.context,
                  "Events tell device, place and page, and these move what people look at");
  return [options](Console& console) { run_demo(*options, console); };
}

}  // namespace

Command demo_command() {
  return {.name = "demo",
          .summary = "Make a shop, run the whole line on it, and show what a session changes",
          .example = "segue demo --dir segue-demo",
          .declare = declare};
}

}  // namespace segue::integration
