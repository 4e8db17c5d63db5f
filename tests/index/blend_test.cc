#include "index/model/blend.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "index/model/blend_fit.h"
#include "index/model/popularity.h"
#include "index/model/random_stream.h"
#include "index/reindex/evaluation.h"
#include "kernels/error.h"
#include "tests/index/model_fixtures.h"

namespace segue::index {
namespace {

using testing::any_item;
using testing::make_catalogue;

/// A model whose scores for a session are listed under its last item; a session that is not listed is
/// unknown.
class Listed final : public SessionModel {
 public:
  Listed(std::string name, std::map<ItemId, std::vector<double>> scores)
      : name_(std::move(name)), scores_(std::move(scores)) {}
  std::string_view name() const noexcept override { return name_; }
  bool knows(ItemId item) const override { return scores_.contains(item); }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override {
    if (session.items.empty() || !knows(session.items.back())) return nullptr;
    return std::make_unique<Session>(scores_.at(session.items.back()));
  }

 private:
  struct Session final : EncodedSession {
    explicit Session(const std::vector<double>& all) : scores(all) {}
    std::vector<ScoredItem> top(std::size_t k, const ItemSet* allowed) const override {
      std::vector<ScoredItem> best;
      for (ItemId i = 0; i < scores.size(); ++i) {
        if (scores[i] != 0 && (allowed == nullptr || allowed->contains(i))) best.push_back({i, scores[i]});
      }
      std::sort(best.begin(), best.end(), ranks_before);
      best.resize(std::min(k, best.size()));
      return best;
    }
    void score(std::span<const ItemId> items, std::span<double> out) const override {
      for (std::size_t i = 0; i < items.size(); ++i) out[i] = scores[items[i]];
    }
    ScoreMoments moments(ItemGroup) const override {
      double mean = 0, variance = 0;
      const double n = static_cast<double>(scores.size());
      for (const double score : scores) mean += score / n;
      for (const double score : scores) variance += (score - mean) * (score - mean) / n;
      return {mean, std::sqrt(variance)};
    }
    const std::vector<double>& scores;
  };
  std::string name_;
  std::map<ItemId, std::vector<double>> scores_;
};

TEST(Blend, AddsWeightedZScores) {
  const Listed a("a", {{0, {1, 2, 3, 6}}});
  const Listed b("b", {{0, {10, 0, 0, 10}}});
  const Listed unused("unused", {});
  const std::vector<const SessionModel*> models{&unused, &b, &a};
  const Blend blend({{"a", "b"}, {0.75, 0.25}}, models);
  const std::vector<ItemId> session{0};
  const auto encoded = blend.encode(session, ItemGroup::kSearchable);
  ASSERT_NE(encoded, nullptr);
  ASSERT_EQ(encoded->parts().size(), 2u);
  std::vector<double> all(4);
  encoded->score_all(all);
  const std::vector<ItemId> two{3, 1};
  std::vector<double> some(2);
  encoded->score(two, some);
  const double deviation = std::sqrt((4 + 1 + 0 + 9) / 4.0);
  for (ItemId i = 0; i < 4; ++i) {
    const double za = (std::vector<double>{1, 2, 3, 6}[i] - 3) / deviation;
    const double zb = i == 0 || i == 3 ? 1 : -1;
    EXPECT_NEAR(all[i], 0.75 * za + 0.25 * zb, 1e-12);
  }
  EXPECT_EQ(some, (std::vector<double>{all[3], all[1]}));
}

TEST(Blend, ShowsWhatEachPartAddedToItsBestItems) {
  const Listed a("a", {{0, {1, 2, 3, 6}}});
  const Listed b("b", {{0, {10, 0, 0, 10}}});
  const std::vector<const SessionModel*> models{&a, &b};
  const Blend blend({{"b", "a"}, {1, 2}}, models);
  const std::vector<ItemId> session{0};
  ItemSet allowed(4, true);
  allowed.erase(3);
  const auto top = blend.top(session, 2, &allowed, ItemGroup::kSearchable);
  std::vector<double> all(4);
  blend.encode(session, ItemGroup::kSearchable)->score_all(all);
  ASSERT_EQ(top.items.size(), 2u);
  ASSERT_EQ(top.parts, 2u);
  ASSERT_EQ(top.shares.size(), 4u);
  for (std::size_t r = 0; r < 2; ++r) {
    EXPECT_NE(top.items[r].item, 3u);
    EXPECT_DOUBLE_EQ(top.items[r].score, all[top.items[r].item]);
    EXPECT_DOUBLE_EQ(top.shares[2 * r].score + top.shares[2 * r + 1].score, top.items[r].score);
    EXPECT_DOUBLE_EQ(top.shares[2 * r + 1].score, 2 * top.shares[2 * r + 1].z);
    EXPECT_EQ(top.shares[2 * r + 1].raw, (std::vector<double>{1, 2, 3, 6})[top.items[r].item]);
  }
  EXPECT_TRUE(ranks_before(top.items[0], top.items[1]));
}

TEST(Blend, TakesPopularityOffWhereItIsCorrected) {
  const Listed a("a", {{0, {1, 2, 3, 6}}});
  const auto popularity =
      Popularity::train(testing::make_data(4, {{3, 3, 3, 3, 2, 2, 1}}), make_catalogue(4));
  const std::vector<const SessionModel*> models{&a, popularity.get()};
  for (const bool beside : {false, true}) {  // whether popularity is a part, too
    const Blend plain(beside ? BlendWeights{{"a", "popularity"}, {0.8, 0.2}} : BlendWeights{{"a"}, {1}},
                      models);
    Blend corrected = plain;
    corrected.correct_popularity(*popularity, 0.5);
    const std::vector<ItemId> session{0};
    std::vector<double> before(4), after(4), popular(4);
    plain.encode(session, ItemGroup::kSearchable)->score_all(before);
    const auto encoded = corrected.encode(session, ItemGroup::kSearchable);
    encoded->score_all(after);
    EXPECT_TRUE(encoded->parts().back().is_correction);
    popularity->encode({})->score_all(popular);
    const ScoreMoments moments = popularity->encode({})->moments(ItemGroup::kSearchable);
    for (ItemId i = 0; i < 4; ++i)
      EXPECT_NEAR(after[i], before[i] - 0.5 * (popular[i] - moments.mean) / moments.deviation, 1e-12);
    EXPECT_EQ(corrected.encode({}, ItemGroup::kSearchable), nullptr) << "it answers only beside others";
    corrected.correct_popularity(*popularity, 0);
    corrected.encode(session, ItemGroup::kSearchable)->score_all(after);
    EXPECT_EQ(after, before);
  }
  Blend blend({{"a"}, {1}}, models);
  EXPECT_THROW(blend.correct_popularity(*popularity, -1), std::invalid_argument);
}

TEST(Blend, LeavesOutPartsThatKnowNothingOfTheSession) {
  const Listed a("a", {{0, {1, 2, 3, 6}}, {1, {6, 1, 1, 1}}});
  const Listed b("b", {{0, {10, 0, 0, 10}}});
  const std::vector<const SessionModel*> models{&a, &b};
  const Blend blend({{"a", "b"}, {0.5, 0.5}}, models);
  const std::vector<ItemId> known_to_a{1}, unknown{2};
  const auto top = blend.top(known_to_a, 4, nullptr, ItemGroup::kSearchable);
  EXPECT_EQ(top.parts, 1u);
  EXPECT_EQ(top.items.front().item, 0u);
  EXPECT_EQ(blend.encode(unknown, ItemGroup::kSearchable), nullptr);
  EXPECT_TRUE(blend.top(unknown, 4, nullptr, ItemGroup::kSearchable).items.empty());
  EXPECT_EQ(blend.encode({}, ItemGroup::kSearchable), nullptr);
}

TEST(Blend, IgnoresAPartThatScoresEverythingAlike) {
  const Listed flat("flat", {{0, {3, 3, 3}}});
  const Listed a("a", {{0, {1, 2, 3}}});
  const std::vector<const SessionModel*> models{&flat, &a};
  const Blend both({{"flat", "a"}, {0.9, 0.1}}, models);
  const Blend alone({{"a"}, {0.1}}, models);
  const std::vector<ItemId> session{0};
  EXPECT_EQ(both.top(session, 3, nullptr, ItemGroup::kSearchable).items,
            alone.top(session, 3, nullptr, ItemGroup::kSearchable).items);
}

TEST(Blend, KnowsNoSessionOfWhichOnlyNewItemsHaveScores) {
  const Listed a("a", {{0, {1, 2, 3, 6}}, {1, {1, 2, 3, 6}}});
  const Listed b("b", {{0, {4, 3, 2, 1}}});
  const std::vector<const SessionModel*> models{&a, &b};
  // a weighs items without events alone.
  const BlendWeights weights{{"a", "b"}, {1e-6, 1.0}, {}, {{0, 1}}, {}, {0.5, -1e-6, 0, 0}};
  const std::vector<float> events{5, 5, 5, 0};
  const Blend blend(weights, models, events);
  EXPECT_EQ(blend.encode(std::vector<ItemId>{1}, ItemGroup::kSearchable), nullptr);
  const auto both = blend.encode(std::vector<ItemId>{0}, ItemGroup::kSearchable);
  ASSERT_NE(both, nullptr);
  EXPECT_EQ(both->parts().size(), 2u);
}

TEST(Blend, RefusesWeightsThatDoNotFitItsModels) {
  const Listed a("a", {});
  const std::vector<const SessionModel*> models{&a};
  EXPECT_THROW(Blend({{"b"}, {1}}, models), std::invalid_argument);
  EXPECT_THROW(Blend({{"a"}, {}}, models), std::invalid_argument);
  EXPECT_THROW(Blend({{"a"}, {0}}, models), std::invalid_argument);
  EXPECT_THROW(Blend({{"a"}, {std::nan("")}}, models), std::invalid_argument);
}

/// Sessions, each known by its one item, whose target is shown by one model, by the other, or by both
/// faintly.
struct Puzzle {
  Puzzle(std::size_t items, std::size_t sessions, std::uint64_t seed) : catalogue(make_catalogue(items)) {
    RandomStream random(seed);
    std::map<ItemId, std::vector<double>> first, second, noise;
    for (ItemId s = 0; s < sessions; ++s) {
      const ItemId target = any_item(random, items);
      held_out.push_back({{s}, target});
      for (auto* scores : {&first, &second, &noise}) {
        auto& row = (*scores)[s];
        for (std::size_t i = 0; i < items; ++i) row.push_back(1 + random.uniform());
      }
      first[s][target] += 0.75 * random.uniform();
      second[s][target] += 0.6 * random.uniform();
    }
    models.push_back(std::make_unique<Listed>("noise", noise));
    models.push_back(std::make_unique<Listed>("first", first));
    models.push_back(std::make_unique<Listed>("second", second));
    for (const auto& model : models) views.push_back(model.get());
  }
  BlendFitTask task() const { return {views, held_out, &catalogue.searchable(), SeenRule::exclude()}; }

  Catalogue catalogue;
  std::vector<HeldOut> held_out;
  std::vector<std::unique_ptr<SessionModel>> models;
  std::vector<const SessionModel*> views;
};

class Fitting : public ::testing::Test {
 protected:
  double ndcg(const Scorer& scorer, const Puzzle& puzzle) {
    EvaluationOptions options;
    options.metrics = {kNdcg10};
    options.seen = SeenRule::exclude();
    return Evaluator(puzzle.catalogue.searchable(), pool_, progress_)
        .evaluate(scorer, puzzle.held_out, options)
        .values[0];
  }
  kernels::ThreadPool pool_{2};
  Progress progress_;
};

TEST_F(Fitting, MeasuresWhatTheEvaluationMeasures) {
  const Puzzle puzzle(300, 400, 21);
  const auto fit = fit_blend(puzzle.task(), pool_, progress_);
  for (std::size_t m = 0; m < puzzle.views.size(); ++m) {
    EXPECT_NEAR(fit.single_ndcg[m], ndcg(scorer_of(*puzzle.views[m]), puzzle), 1e-12);
  }
  const Blend blend(fit.weights, puzzle.views);
  EXPECT_NEAR(fit.ndcg, ndcg(scorer_of(blend), puzzle), 1e-9);
}

TEST_F(Fitting, JoinsPartsThatHelpAndDropsThoseThatDoNot) {
  const Puzzle puzzle(300, 600, 22);
  const auto fit = fit_blend(puzzle.task(), pool_, progress_);
  EXPECT_EQ(fit.weights.models, (std::vector<std::string>{"first", "second"}));
  EXPECT_NEAR(fit.weights.weights[0] + fit.weights.weights[1], 1, 1e-9);
  EXPECT_GT(fit.ndcg, *std::max_element(fit.single_ndcg.begin(), fit.single_ndcg.end()));
  // Two parts can be searched in full: no weighting on a fine grid is better by more than a hair.
  for (int percent = 1; percent < 100; ++percent) {
    const Blend blend({{"first", "second"}, {percent / 100.0, 1 - percent / 100.0}}, puzzle.views);
    EXPECT_GT(fit.ndcg * 1.005, ndcg(scorer_of(blend), puzzle)) << percent;
  }
}

TEST_F(Fitting, IsNeverWorseThanItsBestPart) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Puzzle puzzle(40, 25, 100 + seed);
    const auto fit = fit_blend(puzzle.task(), pool_, progress_);
    EXPECT_GE(fit.ndcg, *std::max_element(fit.single_ndcg.begin(), fit.single_ndcg.end()));
    const Blend blend(fit.weights, puzzle.views);
    for (const SessionModel* model : puzzle.views) {
      EXPECT_GE(ndcg(scorer_of(blend), puzzle) + 1e-9, ndcg(scorer_of(*model), puzzle));
    }
  }
}

TEST_F(Fitting, WorksOnTheBestCandidatesOfLargeCatalogues) {
  const Puzzle puzzle(3000, 60, 23);
  const auto fit = fit_blend(puzzle.task(), pool_, progress_);
  for (std::size_t m = 0; m < puzzle.views.size(); ++m) {
    EXPECT_NEAR(fit.single_ndcg[m], ndcg(scorer_of(*puzzle.views[m]), puzzle), 1e-12);
  }
}

TEST_F(Fitting, DoesNotDependOnThreads) {
  const Puzzle puzzle(300, 200, 24);
  kernels::ThreadPool alone(1);
  EXPECT_EQ(fit_blend(puzzle.task(), pool_, progress_).weights,
            fit_blend(puzzle.task(), alone, progress_).weights);
}

TEST_F(Fitting, TakesAnEvenSampleOfManySequences) {
  Puzzle puzzle(50, 90, 25);
  auto task = puzzle.task();
  task.max_sequences = 30;
  const auto sampled = fit_blend(task, pool_, progress_);
  std::vector<HeldOut> third;
  for (std::size_t i = 0; i < 90; i += 3) third.push_back(puzzle.held_out[i]);
  puzzle.held_out = third;
  EXPECT_EQ(sampled.single_ndcg, fit_blend(puzzle.task(), pool_, progress_).single_ndcg);
}

TEST_F(Fitting, GivesOneModelAloneItsWholeWeight) {
  const Puzzle puzzle(50, 20, 26);
  auto task = puzzle.task();
  task.models = std::span(puzzle.views).first(1);
  EXPECT_EQ(fit_blend(task, pool_, progress_).weights, (BlendWeights{{"noise"}, {1}}));
}

TEST_F(Fitting, RefusesATaskWithoutModelsOrSequences) {
  const Puzzle puzzle(50, 20, 27);
  auto task = puzzle.task();
  task.models = {};
  EXPECT_THROW(fit_blend(task, pool_, progress_), std::invalid_argument);
  task = puzzle.task();
  task.held_out = {};
  EXPECT_THROW(fit_blend(task, pool_, progress_), std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
