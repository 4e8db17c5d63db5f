#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "index/catalogue.h"
#include "index/model/transformer_model.h"
#include "index/vector/vector_index.h"
#include "kernels/backend.h"
#include "kernels/error.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr std::size_t kEmbedded = 30;  // of the odd items of 64: items from 61 on have no embedding

/// Every fifth item is one that people type.
Catalogue some_catalogue() {
  std::vector<Item> items(64);
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].id = "item" + std::to_string(100 + i);
    items[i].title = items[i].id;
    if (i % 5 == 0) items[i].kind = std::string(kQueryKind);
  }
  return Catalogue(std::move(items));
}

class TransformerModelTest : public testing::Test {
 protected:
  static TransformerWeights weights() {
    return random_weights({.width = 16, .layers = 2, .heads = 2, .feed_forward = 16, .window = 8}, kEmbedded,
                          4);
  }
  /// Scores of all items by the definition: cosine over temperature, 0 without an embedding.
  std::vector<double> naive_scores(const std::vector<ItemId>& session) const {
    const std::vector<float> hidden = model_.encoder().encode(session);
    std::vector<double> scores(catalogue_.size());
    for (std::size_t r = 0; r < kEmbedded; ++r) {
      double dot = 0;
      double square = 0;
      for (std::size_t c = 0; c < hidden.size(); ++c) {
        const double e = static_cast<double>(model_.weights().items()(r, c));
        dot += static_cast<double>(hidden[c]) * e;
        square += e * e;
      }
      scores[model_.weights().vocabulary()[r]] =
          dot / std::sqrt(square) / static_cast<double>(model_.weights().config().temperature);
    }
    return scores;
  }

  Catalogue catalogue_ = some_catalogue();
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
  TransformerModel model_{weights(), nullptr, catalogue_, *backend_};
  const std::vector<ItemId> session_{3, 17, 9, 41};
};

TEST_F(TransformerModelTest, ScoresAreCosinesOverTheTemperature) {
  const auto session = model_.encode(session_);
  ASSERT_NE(session, nullptr);
  std::vector<ItemId> all(catalogue_.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<ItemId>(i);
  std::vector<double> scores(all.size());
  session->score(all, scores);
  const std::vector<double> expected = naive_scores(session_);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-4) << "item " << i;
  EXPECT_EQ(scores[2], 0) << "an item without an embedding";
}

TEST_F(TransformerModelTest, TheTopIsTheHeadOfAllScoresAmongTheAllowedItems) {
  const auto session = model_.encode(session_);
  const std::vector<double> scores = naive_scores(session_);
  std::vector<ScoredItem> expected;
  for (const ItemId item : model_.weights().vocabulary()) {
    if (catalogue_.searchable().contains(item)) expected.push_back({item, scores[item]});
  }
  std::sort(expected.begin(), expected.end(), ranks_before);
  const std::vector<ScoredItem> top = session->top(7, &catalogue_.searchable());
  ASSERT_EQ(top.size(), 7u);
  for (std::size_t r = 0; r < top.size(); ++r) {
    EXPECT_EQ(top[r].item, expected[r].item) << "rank " << r;
    EXPECT_NEAR(top[r].score, expected[r].score, 1e-4);
  }
  EXPECT_EQ(session->top(1000, nullptr).size(), kEmbedded) << "only items with an embedding have a score";
}

TEST_F(TransformerModelTest, TheScoresOfTheTopAreThoseOfScore) {
  const auto session = model_.encode(session_);
  for (const ScoredItem& item : session->top(10, nullptr)) {
    double score = 0;
    session->score({&item.item, 1}, {&score, 1});
    EXPECT_NEAR(score, item.score, 1e-5);
  }
}

TEST_F(TransformerModelTest, MomentsAreThoseOfAllScoresOfTheGroup) {
  const auto session = model_.encode(session_);
  const std::vector<double> scores = naive_scores(session_);
  for (const ItemGroup group : {ItemGroup::kSearchable, ItemGroup::kQueries}) {
    const ItemSet& items = group == ItemGroup::kQueries ? catalogue_.queries() : catalogue_.searchable();
    double sum = 0;
    double squares = 0;
    for (ItemId i = 0; i < catalogue_.size(); ++i) {
      if (!items.contains(i)) continue;
      sum += scores[i];
      squares += scores[i] * scores[i];
    }
    const auto n = static_cast<double>(items.count());
    const ScoreMoments moments = session->moments(group);
    EXPECT_NEAR(moments.mean, sum / n, 1e-4);
    EXPECT_NEAR(moments.deviation, std::sqrt(squares / n - sum * sum / n / n), 1e-4);
  }
}

TEST_F(TransformerModelTest, AnUnknownSessionIsNull) {
  EXPECT_EQ(model_.encode({}), nullptr);
  EXPECT_EQ(model_.encode(std::vector<ItemId>{2, 63, 1000}), nullptr);
  EXPECT_TRUE(model_.knows(59));
  EXPECT_FALSE(model_.knows(61));
  EXPECT_FALSE(model_.knows(2));
}

TEST_F(TransformerModelTest, ARunningSessionRanksLikeAWholeOne) {
  SessionState state = model_.encoder().start();
  for (const ItemId item : session_) ASSERT_TRUE(model_.encoder().append(state, item));
  const auto running = model_.encoded(state.output())->top(5, nullptr);
  const auto whole = model_.encode(session_)->top(5, nullptr);
  ASSERT_EQ(running.size(), whole.size());
  for (std::size_t r = 0; r < whole.size(); ++r) {
    EXPECT_EQ(running[r].item, whole[r].item);
    EXPECT_NEAR(running[r].score, whole[r].score, 1e-3);
  }
  EXPECT_THROW(model_.encoded(std::vector<float>(3)), std::invalid_argument);
}

TEST_F(TransformerModelTest, VectorsOfAnotherModelAreRefused) {
  const auto refused = [&](std::shared_ptr<const VectorIndex> vectors) {
    try {
      const TransformerModel model(weights(), std::move(vectors), catalogue_, *backend_);
      return false;
    } catch (const Error& error) {
      return error.kind() == ErrorKind::kDamagedStore;
    }
  };
  const TransformerWeights own = weights();
  const std::vector<ItemId> items(own.vocabulary().begin(), own.vocabulary().end());
  const std::span<const ItemId> fewer(items.data(), items.size() - 1);
  std::vector<ItemId> shifted = items;
  for (ItemId& item : shifted) ++item;
  EXPECT_FALSE(refused(VectorIndex::build(own.items(), items, Metric::kCosine)));
  EXPECT_TRUE(refused(VectorIndex::build(own.items(), items, Metric::kInnerProduct)));
  EXPECT_TRUE(refused(VectorIndex::build(own.items(), shifted, Metric::kCosine)));
  EXPECT_TRUE(refused(VectorIndex::build(own.items().rows_at(0, fewer.size()), fewer, Metric::kCosine)));
  EXPECT_TRUE(refused(VectorIndex::build(own.items().cols_at(0, 8), items, Metric::kCosine)));
}

}  // namespace
}  // namespace segue::index
