// Speed of the text half on generated titles: text_benchmark [ITEMS]. Prints p50 and p99 of warm queries, one
// thread.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <random>

#include "query/lucene/text_search.h"
#include "tests/query/lucene_trees.h"

namespace segue::query {
namespace {

using index::testing::numbered;
using syntax::Occur;
using testing::all_of;
using testing::node;
using testing::term;

// CPU time of this thread: what other work on the machine takes does not count.
double microseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

/// Words w0, w1, ... by Zipf's law with exponent 1.
class ZipfWords {
 public:
  explicit ZipfWords(std::size_t vocabulary) : cumulative_(vocabulary) {
    double sum = 0;
    for (std::size_t i = 0; i < vocabulary; ++i) cumulative_[i] = sum += 1 / static_cast<double>(i + 1);
  }
  std::string draw(std::mt19937_64& random) const {
    const double at = std::uniform_real_distribution<double>(0, cumulative_.back())(random);
    const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), at);
    return numbered("w", static_cast<std::size_t>(found - cumulative_.begin()));
  }

 private:
  std::vector<double> cumulative_;
};

void measure(const char* name, std::size_t count, const std::function<void(std::size_t)>& query) {
  for (std::size_t i = 0; i < count; ++i) query(i);  // postings decoded, caches warm
  std::vector<double> times(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double begin = microseconds();
    query(i);
    times[i] = microseconds() - begin;
  }
  std::sort(times.begin(), times.end());
  std::printf("%-44s p50 %9.1f us   p99 %9.1f us\n", name, times[count / 2], times[count * 99 / 100]);
}

void run(std::size_t items) {
  std::mt19937_64 random(1);
  const ZipfWords words(items / 10 + 100);
  std::vector<index::Item> titles;
  for (std::size_t i = 0; i < items; ++i) {
    std::string title;
    for (std::size_t n = 4 + random() % 9; n > 0; --n) title.append(words.draw(random)).push_back(' ');
    titles.push_back(index::testing::item(numbered("id", i), std::move(title)));
  }
  const double begin = microseconds();
  const index::testing::Indexed indexed(std::move(titles), "english",
                                        {.postings_cache_bytes = std::size_t{1} << 30});
  std::printf("%zu titles of 4 to 12 words indexed at %.0f a second\n", items,
              1e6 * static_cast<double>(items) / (microseconds() - begin));
  const TextSearch search(*indexed.index);

  constexpr std::size_t kQueries = 400;
  std::vector<std::vector<index::TextIndex::WeightedToken>> tokens(kQueries);
  std::vector<syntax::Node> any(kQueries), all(kQueries), phrases(kQueries), prefixes(kQueries),
      fuzzy(kQueries);
  for (std::size_t q = 0; q < kQueries; ++q) {
    std::vector<syntax::Clause> optional;
    std::vector<syntax::Clause> required;
    for (std::size_t n = 2 + random() % 3; n > 0; --n) {
      const std::string word = words.draw(random);
      tokens[q].push_back({word, 1});
      optional.push_back({Occur::kShould, term(word)});
      required.push_back({Occur::kMust, term(word)});
    }
    any[q] = all_of(optional);
    all[q] = all_of(required);
    phrases[q] = testing::phrase(tokens[q][0].token + " " + tokens[q][1].token);
    prefixes[q] = node(syntax::Prefix{tokens[q][0].token});
    fuzzy[q] = node(syntax::Fuzzy{tokens[q][0].token, 0.5});
  }
  const auto tree = [&](const std::vector<syntax::Node>& trees) {
    return [&](std::size_t q) { search.search(trees[q], {}, nullptr, 10); };
  };
  measure("OR of 2 to 4 words, top 10, score_words", kQueries,
          [&](std::size_t q) { indexed.index->score_words(tokens[q], index::kDefaultField, 10, nullptr); });
  measure("OR of 2 to 4 words, top 10, search", kQueries, tree(any));
  measure("AND of 2 to 4 words, top 10", kQueries, tree(all));
  measure("phrase of 2 words, top 10", kQueries / 4, tree(phrases));
  measure("prefix, top 10", kQueries / 4, tree(prefixes));
  measure("fuzzy word, top 10", kQueries / 20, tree(fuzzy));
}

}  // namespace
}  // namespace segue::query

int main(int argc, char** argv) {
  segue::query::run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200000);
  return 0;
}
