#pragma once

#include <filesystem>

#include "integration/cli/console.h"
#include "integration/demo/shop_generator.h"

namespace segue::integration {

struct DemoOptions {
  std::filesystem::path folder = "segue-demo";  ///< for the shop and its store
  ShopOptions shop;
};

/// Makes a shop, runs the whole line on it, and shows what a session changes: a search without and with two
/// sessions, suggestions, an explained hit. Throws Error as its steps do.
void run_demo(const DemoOptions& options, Console& console);

}  // namespace segue::integration
