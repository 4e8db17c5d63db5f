#include "tests/support/small_shop.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

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

std::filesystem::path SmallShop::part(const std::string& name,
                                      const std::function<bool(nlohmann::ordered_json&)>& take) const {
  const std::filesystem::path file = folder.path() / name;
  std::ifstream in(events);
  std::ofstream out(file);
  for (std::string line; std::getline(in, line);) {
    auto event = nlohmann::ordered_json::parse(line);
    if (take(event)) out << event.dump() << '\n';
  }
  return file;
}

std::filesystem::path SmallShop::without_contexts() const {
  return part("without_contexts.jsonl", [](nlohmann::ordered_json& event) {
    event.erase("context");
    return true;
  });
}

std::filesystem::path SmallShop::oldest(double share) const {
  std::vector<double> times;
  part("oldest.jsonl", [&](nlohmann::ordered_json& event) {
    times.push_back(event.at("time").get<double>());
    return false;
  });
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(times.size()));
  std::nth_element(times.begin(), times.begin() + place, times.end());
  const double end = times[static_cast<std::size_t>(place)];
  return part("oldest.jsonl", [&](nlohmann::ordered_json& event) { return event.at("time") < end; });
}

}  // namespace segue::tests
