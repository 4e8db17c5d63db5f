#include "examples/little_shop.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "index/reindex/reindexer.h"

namespace examples {
namespace {

struct Product {
  const char* id;
  const char* title;
};
using Department = std::array<Product, 6>;

constexpr Department kCamping = {{{"C1", "Two person tent"},
                                  {"C2", "Down sleeping bag"},
                                  {"C3", "Folding camping mat"},
                                  {"C4", "Camping light"},
                                  {"C5", "Gas camping stove"},
                                  {"C6", "Enamel mug"}}};
constexpr Department kFurnishing = {{{"F1", "Velvet sofa"},
                                     {"F2", "Wool rug"},
                                     {"F3", "Oak side table"},
                                     {"F4", "Reading light"},
                                     {"F5", "Linen cushion"},
                                     {"F6", "Picture frame"}}};
constexpr std::size_t kVisits = 300;
constexpr std::size_t kVisitLength = 4;

}  // namespace

void write_little_shop(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream items(folder / "items.jsonl");
  std::ofstream events(folder / "events.jsonl");
  for (const Department* department : {&kCamping, &kFurnishing}) {
    const char* category = department == &kCamping ? "camping" : "furnishing";
    for (const Product& product : *department) {
      items << R"({"id": ")" << product.id << R"(", "kind": "product", "title": ")" << product.title
            << R"(", "attributes": {"category": ")" << category << "\"}}\n";
    }
  }
  for (std::size_t visit = 0; visit < kVisits; ++visit) {
    const Department& department = visit % 2 == 0 ? kCamping : kFurnishing;
    for (std::size_t step = 0; step < kVisitLength; ++step) {
      const Product& product = department[(visit / 2 + step) % department.size()];
      events << R"({"session": "visit)" << visit << R"(", "time": )"
             << 1'700'000'000 + visit * 1000 + step * 30 << R"(, "item": ")" << product.id << "\"}\n";
    }
  }
  expect(items.flush() && events.flush(), "the shop can be written to " + folder.string());
}

std::string publish_little_shop(const std::filesystem::path& folder, std::uint64_t seed) {
  segue::index::ReindexRequest request;
  request.items = folder / "items.jsonl";
  request.events = folder / "events.jsonl";
  request.store = folder / "store";
  request.config.transformer.width = 32;  // twelve products need no more
  request.config.transformer.feed_forward = 32;
  request.seed = seed;
  segue::index::Progress quiet;
  return segue::index::reindex(request, quiet).snapshot;
}

void expect(bool happened, const std::string& what) {
  if (happened) return;
  std::cerr << "expected: " << what << '\n';
  std::exit(1);
}

}  // namespace examples
