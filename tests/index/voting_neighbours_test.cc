// User and session neighbours against their definitions.

#include <gtest/gtest.h>

#include <cmath>

#include "index/model/session_neighbours.h"
#include "index/model/user_neighbours.h"
#include "tests/index/neighbour_fixtures.h"

namespace segue::index {
namespace {

using testing::make_catalogue;
using testing::make_data;
using testing::NaiveSequence;

/// The `keep` newest sequences that hold the item; sequences are newest first.
std::vector<std::size_t> holders(const std::vector<NaiveSequence>& sequences, ItemId item, std::size_t keep) {
  std::vector<std::size_t> found;
  for (std::size_t s = 0; s < sequences.size() && found.size() < keep; ++s) {
    if (sequences[s].place(item) >= 0) found.push_back(s);
  }
  return found;
}

/// Items of the session that some sequence holds, newest first.
std::vector<ItemId> known_newest(const std::vector<NaiveSequence>& sequences,
                                 const std::vector<ItemId>& session, std::size_t history) {
  std::vector<ItemId> known;
  for (const ItemId item : session) {
    if (!holders(sequences, item, 1).empty()) known.push_back(item);
  }
  return testing::naive_newest(known, history);
}

/// The `voters` sequences with the largest similarity above 0, the newer of equal ones.
std::vector<std::size_t> best(const std::vector<double>& similarity, std::size_t voters) {
  std::vector<std::size_t> order;
  for (std::size_t s = 0; s < similarity.size(); ++s) {
    if (similarity[s] > 0) order.push_back(s);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return similarity[a] > similarity[b]; });
  order.resize(std::min(order.size(), voters));
  return order;
}

std::vector<double> naive_user_scores(const TrainingData& data, const UserNeighbourOptions& options,
                                      const std::vector<ItemId>& session) {
  const auto sequences = testing::naive_sequences(data, options.max_items);
  const auto newest = known_newest(sequences, session, options.history);
  std::vector<double> q, similarity(sequences.size()), scores(data.item_count);
  double own = 0;
  for (std::size_t k = 0; k < newest.size(); ++k) {
    q.push_back(std::pow(static_cast<double>(k + 1), -options.decay_rate) *
                std::pow(testing::naive_idf(sequences, newest[k]), options.idf_exponent));
    own += q[k] * q[k];
  }
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    double norm = 0, dot = 0, common = 0;
    for (std::size_t p = 0; p < sequences[s].items.size(); ++p) {
      const ItemId item = sequences[s].items[p];
      const double r = std::pow(sequences[s].weights[p], options.weight_exponent) *
                       std::pow(testing::naive_idf(sequences, item), options.idf_exponent);
      norm += r * r;
      const auto place = std::find(newest.begin(), newest.end(), item) - newest.begin();
      const auto kept = holders(sequences, item, options.max_sequences);
      if (place == static_cast<std::ptrdiff_t>(newest.size()) ||
          std::find(kept.begin(), kept.end(), s) == kept.end()) {
        continue;
      }
      dot += q[static_cast<std::size_t>(place)] * r;
      ++common;
    }
    if (dot > 0) {
      similarity[s] =
          dot / (std::sqrt(own) * std::pow(norm, options.asymmetry)) * common / (common + options.shrink);
    }
  }
  for (const std::size_t s : best(similarity, options.voters)) {
    for (std::size_t p = 0; p < sequences[s].items.size(); ++p) {
      scores[sequences[s].items[p]] +=
          similarity[s] * std::pow(sequences[s].weights[p], options.weight_exponent);
    }
  }
  return scores;
}

std::vector<double> naive_session_scores(const TrainingData& data, const SessionNeighbourOptions& options,
                                         const std::vector<ItemId>& session) {
  const auto sequences = testing::naive_sequences(data, options.max_items);
  const auto newest = known_newest(sequences, session, options.history);
  const double n = static_cast<double>(newest.size());
  std::vector<double> similarity(sequences.size()), scores(data.item_count);
  std::vector<std::size_t> match(sequences.size(), newest.size());
  for (std::size_t p = 0; p < newest.size(); ++p) {
    const double step = static_cast<double>(p);
    const double decay = options.decay == HistoryDecay::kLinear ? 1 - options.decay_rate * step / n
                                                                : std::pow(step + 1, -options.decay_rate);
    for (const std::size_t s : holders(sequences, newest[p], options.max_sequences)) {
      similarity[s] += decay;
      match[s] = std::min(match[s], p);
    }
  }
  std::size_t sampled = 0;
  for (double& sum : similarity) {
    if (sum > 0 && ++sampled > options.sample) sum = 0;
  }
  for (const std::size_t s : best(similarity, options.voters)) {
    const int at = sequences[s].place(newest[match[s]]);
    const double matched = std::max(0.0, 1 - options.match_decay * static_cast<double>(match[s]));
    for (int place = 0; place < static_cast<int>(sequences[s].items.size()); ++place) {
      const int distance = place - at;
      if (std::abs(distance) > static_cast<int>(options.max_distance)) continue;
      const double g = distance == 0 ? 1 : std::pow(std::abs(distance), -options.distance_exponent);
      scores[sequences[s].items[static_cast<std::size_t>(place)]] +=
          similarity[s] * matched * g * (distance <= 0 ? options.before_weight : 1);
    }
  }
  for (ItemId j = 0; j < data.item_count; ++j)
    scores[j] *= std::pow(testing::naive_idf(sequences, j), options.idf_exponent);
  return scores;
}

void expect_near(const std::vector<double>& scores, const std::vector<double>& expected) {
  ASSERT_EQ(scores.size(), expected.size());
  double largest = 0;
  for (std::size_t j = 0; j < expected.size(); ++j) {
    EXPECT_NEAR(scores[j], expected[j], 1e-5 * (1 + expected[j])) << j;
    largest = std::max(largest, expected[j]);
  }
  EXPECT_GT(largest, 0);
}

const std::vector<std::vector<ItemId>> kSessions{
    {3}, {1, 2, 3, 4, 3, 6, 6}, {9, 9, 9, 0}, {24, 77, 5, 11, 12, 13}};

TEST(UserNeighbours, HasTheScoresOfItsDefinition) {
  const auto data = testing::random_sequences(25, 80, 31);
  const auto catalogue = make_catalogue(25);
  UserNeighbourOptions few;
  few.voters = 7;
  few.max_sequences = 11;
  few.history = 3;
  few.max_items = 5;
  UserNeighbourOptions plain;
  plain.weight_exponent = 0;
  plain.idf_exponent = 0;
  plain.shrink = 0;
  plain.decay_rate = 0;
  UserNeighbourOptions odd;
  odd.asymmetry = 0.2;
  odd.weight_exponent = 1;
  odd.decay_rate = 1.5;
  for (const UserNeighbourOptions& options : {UserNeighbourOptions(), few, plain, odd}) {
    const auto model = UserNeighbours::train(data, options, catalogue);
    for (const auto& session : kSessions)
      expect_near(testing::all_scores(*model->encode(session), 25),
                  naive_user_scores(data, options, session));
  }
}

TEST(SessionNeighbours, HasTheScoresOfItsDefinition) {
  const auto data = testing::random_sequences(25, 80, 32);
  const auto catalogue = make_catalogue(25);
  SessionNeighbourOptions few;
  few.voters = 7;
  few.max_sequences = 11;
  few.sample = 17;
  few.history = 3;
  few.max_items = 6;
  few.max_distance = 2;
  SessionNeighbourOptions vmis;
  vmis.decay = HistoryDecay::kLinear;
  vmis.decay_rate = 1;
  vmis.match_decay = 0.1;
  vmis.idf_exponent = 1;
  vmis.distance_exponent = 0;
  vmis.before_weight = 1;
  SessionNeighbourOptions odd;
  odd.decay = HistoryDecay::kPower;
  odd.decay_rate = 0.5;
  odd.match_decay = 0.4;
  odd.idf_exponent = 0.3;
  odd.distance_exponent = 1.5;
  odd.before_weight = 0.25;
  for (const SessionNeighbourOptions& options : {SessionNeighbourOptions(), few, vmis, odd}) {
    const auto model = SessionNeighbours::train(data, options, catalogue);
    for (const auto& session : kSessions) {
      expect_near(testing::all_scores(*model->encode(session), 25),
                  naive_session_scores(data, options, session));
    }
  }
}

TEST(SessionNeighbours, LooksAtTheNewestSequencesByTheTimeOfTheirLastEvents) {
  // The first sequence in the data is the newest by time; an item keeps one sequence.
  auto data = make_data(4, {{0, 1}, {0, 2}, {0, 3}});
  data.times = {100, 300, 110, 200, 120, 130};
  const auto catalogue = make_catalogue(4);
  SessionNeighbourOptions options;
  options.max_sequences = 1;
  const std::vector<ItemId> session{0};
  const auto newest_neighbour = [&] {
    ItemSet others(4, true);
    others.erase(0);
    const auto top = SessionNeighbours::train(data, options, catalogue)->encode(session)->top(4, &others);
    return top.size() == 1 ? top[0].item : kNoItem;
  };
  EXPECT_EQ(newest_neighbour(), 1u);
  data.times.back() = 999;
  EXPECT_EQ(newest_neighbour(), 3u);
  data.times.clear();
  EXPECT_EQ(newest_neighbour(), 3u);  // the last in the data
}

TEST(SessionNeighbours, PrefersWhatFollowsTheMatch) {
  // Everybody goes 0, 1, 2, 3, ...; what comes after an item is better than what came before.
  std::vector<std::vector<ItemId>> sequences(20, {0, 1, 2, 3, 4, 5, 6, 7});
  const auto catalogue = make_catalogue(8);
  SessionNeighbourOptions options;
  options.distance_exponent = 1;
  options.before_weight = 0.4;
  const auto model = SessionNeighbours::train(make_data(8, sequences), options, catalogue);
  for (ItemId i = 0; i < 7; ++i) {
    ItemSet others(8, true);
    others.erase(i);
    const std::vector<ItemId> session{i};
    EXPECT_EQ(model->encode(session)->top(1, &others)[0].item, i + 1);
  }
}

TEST(VotingNeighbours, RefuseConstantsOutOfRange) {
  const auto catalogue = make_catalogue(2);
  const auto data = make_data(2, {{0, 1}});
  UserNeighbourOptions user;
  user.voters = 0;
  EXPECT_THROW(UserNeighbours::train(data, user, catalogue), std::invalid_argument);
  SessionNeighbourOptions session;
  session.decay_rate = 2;
  session.decay = HistoryDecay::kLinear;
  EXPECT_THROW(SessionNeighbours::train(data, session, catalogue), std::invalid_argument);
  session = {};
  session.before_weight = std::nan("");
  EXPECT_THROW(SessionNeighbours::train(data, session, catalogue), std::invalid_argument);
  EXPECT_THROW(SessionNeighbours::train(make_data(3, {}), {}, catalogue), std::invalid_argument);
  EXPECT_THROW(UserNeighbours::train(make_data(3, {}), {}, catalogue), std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
