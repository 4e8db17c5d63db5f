// Not a test: how long a suggestion takes. suggest_benchmark [suggestions]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "suggest_fixture.h"

namespace {

using Clock = std::chrono::steady_clock;

template <class Work>
void measure(const char* what, std::size_t times, Work work) {
  std::vector<double> microseconds;
  for (std::size_t i = 0; i < times; ++i) {
    const auto begin = Clock::now();
    work(i);
    microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  std::sort(microseconds.begin(), microseconds.end());
  std::printf("%-44s p50 %8.1f us   p99 %8.1f us\n", what, microseconds[times / 2],
              microseconds[times * 99 / 100]);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace segue;
  const std::size_t n = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 50'000;
  const query::SuggestShop shop(query::random_items(n, 2000, 1));
  const index::SuggestionTable& table = shop.table();
  std::printf("%zu suggestions, %zu words\n", table.size(), table.words().size());

  const auto prefix = [&](std::size_t i, std::size_t length) {
    return std::string(table[i * 7919 % table.size()].folded.substr(0, length));
  };
  query::SuggestSession session;
  for (std::size_t i = 0; i < 10; ++i) {
    const index::Suggestion row = table[i * 104729 % table.size()];
    session.entries.push_back({std::string(row.text), row.item, false});
  }
  // A stand-in for the models that costs what one product of 64 numbers an item costs.
  std::vector<float> vectors(shop.catalogue().size() * 64, 0.01f);
  query::ModelEvidence models;
  models.score = [&vectors](std::span<const index::ItemId> items, std::span<double> z) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      float sum = 0;
      for (std::size_t d = 0; d < 64; ++d) sum += vectors[items[i] * 64 + d] * static_cast<float>(d);
      z[i] = sum;
    }
  };
  for (std::size_t i = 0; i < 1000; ++i)
    models.best.push_back(static_cast<index::ItemId>(i * 31 % shop.catalogue().size()));
  const query::SessionEvidence evidence = query::gather_evidence(table, session, models);

  std::size_t sink = 0;
  measure("heaviest 200 of a one-letter prefix", 2000, [&](std::size_t i) {
    const auto [first, last] = table.prefix_range(prefix(i, 1));
    sink += table.heaviest(first, last, 200).size();
  });
  measure("heaviest 8 of a one-letter prefix", 2000, [&](std::size_t i) {
    const auto [first, last] = table.prefix_range(prefix(i, 1));
    sink += table.heaviest(first, last, 8).size();
  });
  measure("session of 10 titles: evidence", 2000,
          [&](std::size_t) { sink += query::gather_evidence(table, session, models).words.size(); });
  for (const std::size_t letters : {0u, 1u, 2u, 3u}) {
    const std::string label = std::to_string(letters) + " letters, ";
    measure((label + "no session").c_str(), 2000, [&](std::size_t i) {
      sink += query::rank_suggestions(table, {prefix(i, letters), 8, nullptr}, {}).size();
    });
    measure((label + "session, models and words").c_str(), 2000, [&](std::size_t i) {
      sink += query::rank_suggestions(table, {prefix(i, letters), 8, nullptr}, evidence).size();
    });
  }
  return sink == 0;
}
