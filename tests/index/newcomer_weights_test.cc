#include "index/model/newcomer_weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include "index/model/as_if_new.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

constexpr std::size_t kItems = 200;
constexpr ItemId kFirstNewcomer = 180;

/// A model whose scores for a session are listed under its first item; 0: it does not know the item.
class Listed final : public SessionModel {
 public:
  explicit Listed(std::string name) : name_(std::move(name)) {}
  std::vector<double>& of(ItemId session) {
    std::vector<double>& scores = scores_[session];
    scores.resize(kItems);
    return scores;
  }
  std::string_view name() const noexcept override { return name_; }
  bool knows(ItemId item) const override { return !scores_.empty() && scores_.begin()->second[item] != 0; }
  std::unique_ptr<EncodedSession> encode(const SessionView& session) const override {
    return session.items.empty() || !scores_.contains(session.items[0])
               ? nullptr
               : std::make_unique<Session>(scores_.at(session.items[0]));
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
      const auto n = static_cast<double>(scores.size());
      for (const double score : scores) mean += score / n;
      for (const double score : scores) variance += (score - mean) * (score - mean) / n;
      return {mean, std::sqrt(variance)};
    }
    const std::vector<double>& scores;
  };
  std::string name_;
  std::map<ItemId, std::vector<double>> scores_;
};

/// Sessions whose target `behaviour` shows where it is an old item, and `content` where it is a newcomer: as
/// clearly as `told` says.
struct Shop {
  Listed behaviour{"behaviour"}, content{"content"}, popularity{"popularity"};
  std::vector<HeldOut> held_out;
  ItemSet newcomers{kItems}, others{kItems};
  std::vector<float> events = std::vector<float>(kItems, 50);

  explicit Shop(double told) {
    RandomStream random(3);
    for (ItemId i = 0; i < kItems; ++i) (i < kFirstNewcomer ? others : newcomers).insert(i);
    std::fill(events.begin() + kFirstNewcomer, events.end(), 0.0f);
    for (ItemId s = 0; s < 150; ++s) {
      const bool is_new = s % 5 == 0;
      const auto target = static_cast<ItemId>(is_new ? kFirstNewcomer + random.below(kItems - kFirstNewcomer)
                                                     : random.below(kFirstNewcomer));
      held_out.push_back({{s}, target});
      for (ItemId i = 0; i < kItems; ++i) {
        behaviour.of(s)[i] = i < kFirstNewcomer ? 1 + random.uniform() : 0;
        content.of(s)[i] = 1 + random.uniform();
        popularity.of(s)[i] = i < kFirstNewcomer ? 2 : 0;
      }
      (is_new ? content.of(s) : behaviour.of(s))[target] += is_new ? told : 0.6 * random.uniform();
    }
  }
  NewcomerWeights::Fit fit(double cost) {
    kernels::ThreadPool pool(2);
    Progress progress;
    NewcomerWeights fitting({{"behaviour"}, {1.0}}, held_out, SeenRule::include(), pool, progress);
    const std::vector<const SessionModel*> models{&behaviour, &content, &popularity};
    fitting.add({models, &newcomers, &others, events});
    return fitting.fit(cost);
  }
};

double class_0(const BlendWeights& weights, std::string_view model) {
  const auto found = std::find(weights.models.begin(), weights.models.end(), model);
  return found == weights.models.end()
             ? 0
             : weights.at(static_cast<std::size_t>(found - weights.models.begin()), 0, 0);
}

TEST(NewcomerWeights, LetTheModelThatKnowsNewcomersRankThem) {
  Shop shop(0.5);
  const auto fit = shop.fit(0.02);
  EXPECT_EQ(fit.targets, 30u);
  EXPECT_GT(class_0(fit.weights, "content"), 0);
  EXPECT_GT(fit.ndcg, 0.5);  // by chance: 10 of 200
  EXPECT_GE(fit.others.hr, 0.98 * fit.others_before.hr);
}

TEST(NewcomerWeights, LeaveTheOtherItemsTheirWeights) {
  Shop shop(0.5);
  const auto fit = shop.fit(0.02);
  for (std::size_t m = 0; m < fit.weights.models.size(); ++m) {
    for (std::size_t c = 1; c < fit.weights.counts.size(); ++c)
      EXPECT_NEAR(fit.weights.at(m, 0, c), fit.weights.models[m] == "behaviour" ? 1 : 0, 1e-9);
  }
  EXPECT_NO_THROW(fit.weights.validate());
}

TEST(NewcomerWeights, CostNoMoreThanTheyMay) {
  Shop shop(0.3);
  double before = 0;
  for (const double cost : {0.0, 0.05, 0.3}) {
    const auto fit = shop.fit(cost);
    EXPECT_GE(fit.others.hr, (1 - cost) * fit.others_before.hr - 1e-12);
    EXPECT_GE(fit.others.ndcg, (1 - cost) * fit.others_before.ndcg - 1e-12);
    EXPECT_GE(fit.ndcg, before);
    before = fit.ndcg;
  }
  EXPECT_GT(before, shop.fit(0).ndcg);
}

TEST(NewcomerWeights, GiveNothingToModelsThatDoNotKnowThem) {
  Shop shop(0.5);
  kernels::ThreadPool pool(2);
  Progress progress;
  NewcomerWeights fitting({{"behaviour"}, {1.0}}, shop.held_out, SeenRule::include(), pool, progress);
  const std::vector<const SessionModel*> models{&shop.behaviour, &shop.popularity};
  fitting.add({models, &shop.newcomers, &shop.others, shop.events});
  const auto fit = fitting.fit(0.02);
  EXPECT_EQ(fit.weights.models, std::vector<std::string>{"behaviour"});
  EXPECT_EQ(class_0(fit.weights, "behaviour"), 0);
}

TEST(NewcomerWeights, AddNoModelThatHasNoWeight) {
  Shop shop(0.5);
  for (const double cost : {0.0, 0.02, 0.3}) {
    const auto fit = shop.fit(cost);
    for (std::size_t m = 0; m < fit.weights.models.size(); ++m) {
      const bool added = fit.weights.weights[m] == BlendWeights::kNewItemsOnly;
      EXPECT_TRUE(!added || fit.weights.at(m, 0, 0) > 0) << fit.weights.models[m];
    }
    EXPECT_NO_THROW(fit.weights.validate());
  }
}

TEST(AsIfNew, KnowsNothingOfTheItemsThatAreNew) {
  Shop shop(0.5);
  const AsIfNew model(shop.content, shop.newcomers);
  EXPECT_TRUE(model.knows(5));
  EXPECT_FALSE(model.knows(kFirstNewcomer));
  const std::vector<ItemId> session{kFirstNewcomer, 7};
  const auto encoded = model.encode(session);
  const auto plain = shop.content.encode(std::vector<ItemId>{7});
  std::vector<double> scores(kItems), expected(kItems);
  encoded->score_all(scores);
  plain->score_all(expected);
  std::fill(expected.begin() + kFirstNewcomer, expected.end(), 0.0);
  EXPECT_EQ(scores, expected);
  for (const ScoredItem& hit : encoded->top(kItems, nullptr)) EXPECT_LT(hit.item, kFirstNewcomer);
  EXPECT_EQ(model.encode(std::vector<ItemId>{kFirstNewcomer}), nullptr);
}

}  // namespace
}  // namespace segue::index
