#pragma once

#include <string>

#include "integration/cli/console.h"
#include "integration/demo/shop_generator.h"

namespace segue::integration {

struct DemoOptions {
  std::string folder = "segue-demo";  ///< for the shop and its store
  ShopOptions shop;
};

/// Makes a shop, runs the whole line on it and shows what a session changes. Throws Error.
void run_demo(const DemoOptions& options, Console& console);

}  // namespace segue::integration
