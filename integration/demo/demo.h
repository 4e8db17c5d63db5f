#pragma once

#include <cstddef>
#include <string>

#include "integration/cli/console.h"
#include "integration/demo/shop_generator.h"

namespace segue::integration {

/// Shops of fewer products may lack what the demonstration looks at.
inline constexpr std::size_t kFewestDemoProducts = 2000;

struct DemoOptions {
  std::string folder = "segue-demo";  ///< for the shop and its store
  ShopOptions shop;
};

/// Makes a shop, runs the whole line on it and shows what a session changes; as JSON the report of the
/// reindex and the folder, one object. Throws Error.
void run_demo(const DemoOptions& options, Console& console);

}  // namespace segue::integration
