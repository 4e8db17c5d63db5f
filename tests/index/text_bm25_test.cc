#include "index/text/bm25.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace segue::index {
namespace {

constexpr std::size_t kSize = 20000;

/// Terms of all densities over kSize items, without an index.
struct Corpus {
  explicit Corpus(std::mt19937_64& random) : lengths(kSize) {
    for (std::int32_t& length : lengths) length = 1 + static_cast<std::int32_t>(random() % 12);
    for (const std::size_t one_in : {1, 2, 3, 10, 50, 300, 2000, 15000}) {
      auto postings = std::make_shared<Postings>();
      postings->min_length = 12;
      for (ItemId item = 0; item < kSize; ++item) {
        if (random() % one_in != 0) continue;
        postings->items.push_back(item);
        postings->frequencies.push_back(1 +
                                        static_cast<std::uint32_t>(random() % 16 == 0 ? random() % 4 : 0));
        postings->max_frequency = std::max(postings->max_frequency, postings->frequencies.back());
        postings->min_length = std::min(postings->min_length, lengths[item]);
      }
      postings->document_frequency = postings->items.size();
      terms.push_back(std::move(postings));
    }
  }

  WeightedPostings weighted(std::size_t term, double boost, Bm25Parameters parameters) const {
    const FieldStatistics statistics = {kSize, 6.5};
    return {terms[term], Bm25Saturation(lengths, statistics, parameters),
            boost * bm25_idf(kSize, terms[term]->document_frequency)};
  }

  std::vector<std::int32_t> lengths;
  std::vector<SharedPostings> terms;
};

RankedItems reference(const std::vector<WeightedPostings>& terms, const ItemSet* allowed, std::size_t k) {
  std::vector<double> scores(kSize, 0);
  std::vector<bool> found(kSize, false);
  for (const WeightedPostings& term : terms) {
    for (std::size_t i = 0; i < term.postings->items.size(); ++i) {
      const ItemId item = term.postings->items[i];
      scores[item] += term.weight * term.saturation(term.postings->frequency(i), item);
      found[item] = true;
    }
  }
  RankedItems ranked;
  for (ItemId item = 0; item < kSize; ++item) {
    if (found[item] && (allowed == nullptr || allowed->contains(item)))
      ranked.items.push_back({item, scores[item]});
  }
  ranked.total = ranked.items.size();
  std::sort(ranked.items.begin(), ranked.items.end(), ranks_before);
  ranked.items.resize(std::min(k, ranked.items.size()));
  return ranked;
}

TEST(Bm25, RanksTheSameToTheLastBitWhetherOrNotItSkips) {
  std::mt19937_64 random(42);
  const Corpus corpus(random);
  for (int round = 0; round < 200; ++round) {
    std::vector<WeightedPostings> terms;
    const Bm25Parameters parameters = {static_cast<double>(random() % 4) / 2,
                                       static_cast<double>(random() % 3) / 2};
    for (std::uint64_t n = random() % 6; n > 0; --n) {
      const double boost = random() % 10 == 0 ? -1 : 0.5 * static_cast<double>(1 + random() % 4);
      terms.push_back(corpus.weighted(random() % corpus.terms.size(), boost, parameters));
    }
    ItemSet allowed(kSize);
    const std::uint64_t one_in = 1 + random() % 40;
    for (ItemId item = 0; item < kSize; ++item) {
      if (random() % one_in == 0) allowed.insert(item);
    }
    const ItemSet* filter = random() % 2 == 0 ? &allowed : nullptr;
    const std::size_t k = std::vector<std::size_t>{0, 1, 10, 300, kSize}[random() % 5];
    const RankedItems expected = reference(terms, filter, k);
    const RankedItems counted = rank_disjunction(terms, kSize, filter, k, true);
    ASSERT_EQ(counted.items, expected.items);
    ASSERT_EQ(counted.total, expected.total);
    ASSERT_EQ(rank_disjunction(terms, kSize, filter, k, false).items, expected.items);
  }
}

TEST(Bm25, BoundsEveryScoreOfATerm) {
  std::mt19937_64 random(1);
  const Corpus corpus(random);
  for (std::size_t t = 0; t < corpus.terms.size(); ++t) {
    const WeightedPostings term = corpus.weighted(t, 2, {0.9, 0.4});
    for (std::size_t i = 0; i < term.postings->items.size(); ++i) {
      ASSERT_LE(term.weight * term.saturation(term.postings->frequency(i), term.postings->items[i]),
                term.bound());
    }
  }
}

TEST(Bm25, ValuesRareWordsMoreAndCommonOnesAboveNothing) {
  EXPECT_DOUBLE_EQ(bm25_idf(10, 2), std::log(1 + 8.5 / 2.5));
  EXPECT_GT(bm25_idf(1000, 1), bm25_idf(1000, 2));
  EXPECT_GT(bm25_idf(1000, 1000), 0);
  EXPECT_TRUE(std::isfinite(bm25_idf(0, 0)));
}

}  // namespace
}  // namespace segue::index
