#include "tests/support/small_shop.h"

#include <cstdlib>
#include <stdexcept>

#include "integration/demo/shop_generator.h"

namespace segue::tests {

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "segue-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

index::Config quick_config() {
  index::Config config;
  config.mf.factors = 16;
  config.mf.iterations = 4;
  config.transformer.width = 32;
  config.transformer.feed_forward = 32;
  config.transformer.window = 16;
  config.transformer.epochs = 2;
  config.transformer.negatives = 256;
  config.transformer.dropout = 0.1;
  config.evaluation.max_sequences = 400;
  return config;
}

SmallShop::SmallShop(std::size_t event_count, std::uint64_t seed, bool context)
    : items(folder.path() / "items.jsonl"),
      events(folder.path() / "events.jsonl"),
      store(folder.path() / "store") {
  integration::ShopOptions options;
  options.seed = seed;
  options.products = 400;
  options.shoppers = 300;
  options.events = event_count;
  options.context = context;
  integration::generate_shop(options, items, events);
}

index::ReindexRequest SmallShop::request() const {
  index::ReindexRequest request;
  request.items = items;
  request.events = events;
  request.store = store;
  request.config = quick_config();
  request.threads = 2;
  return request;
}

}  // namespace segue::tests
