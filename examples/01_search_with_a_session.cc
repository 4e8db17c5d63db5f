// One query, two visitors: the session turns the order of hits that the words of the query cannot tell apart.
//
//     01_search_with_a_session FOLDER      makes FOLDER/items.jsonl, FOLDER/events.jsonl and FOLDER/store
#include <iostream>
#include <string>
#include <vector>

#include "examples/little_shop.h"
#include "plugin/search_plugin.h"

namespace {

using segue::plugin::Answer;
using segue::plugin::SearchPlugin;

// The text must match; what the session leads to moves it up. What a visitor types goes into $q, where no
// character is syntax.
constexpr const char* kQuery = "+$q {!session ctx=$ctx}";

Answer search(const SearchPlugin& plugin, const std::vector<std::string>& looked_at) {
  std::vector<segue::index::Event> session;
  for (const std::string& id : looked_at) session.emplace_back().item = id;

  segue::plugin::Request request;
  request.search.query = kQuery;
  request.search.params = {{"q", "light"}, {"ctx", session}};
  request.search.explain = true;
  return plugin.answer(request);
}

void print(const std::string& who, const Answer& answer) {
  std::cout << who << '\n';
  for (const auto& hit : answer.hits) std::cout << "  " << hit.hit.score << "  " << hit.text << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  examples::expect(argc == 2, "one argument, a folder to work in");
  examples::write_little_shop(argv[1]);
  examples::publish_little_shop(argv[1]);

  segue::plugin::Options options;
  options.store = std::string(argv[1]) + "/store";
  const auto plugin = SearchPlugin::open(options);

  const Answer camper = search(*plugin, {"C1", "C2", "C3"});
  const Answer furnisher = search(*plugin, {"F1", "F2", "F3"});
  print("looked at a tent, a sleeping bag and a mat:", camper);
  print("looked at a sofa, a rug and a side table:", furnisher);

  examples::expect(camper.hits.size() == 2 && furnisher.hits.size() == 2, "both lights are found, each time");
  examples::expect(camper.hits.front().id == "C4", "the camping light comes first for a camper");
  examples::expect(furnisher.hits.front().id == "F4", "the reading light comes first for a furnisher");

  // A hit says which legs it comes from and, since we asked, which events of the session moved it.
  const auto& first = camper.hits.front().hit;
  examples::expect(first.explanation.has_value(), "the hit is explained");
  for (const auto& leg : first.explanation->legs) {
    for (const auto& event : leg.events) {
      std::cout << "  the camping light is moved by " << camper.names.at(event.item).second << ": "
                << event.contribution << '\n';
    }
  }
  return 0;
}
