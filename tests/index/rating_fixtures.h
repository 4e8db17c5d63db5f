#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "index/event.h"
#include "index/model/random_stream.h"
#include "index/model/rating_data.h"
#include "index/model/rating_factors.h"

namespace segue::index::testing {

inline constexpr float kView = std::numeric_limits<float>::quiet_NaN();

struct Rated {
  std::string user;
  ItemId item = 0;
  float rating = kView;
  double time = std::numeric_limits<double>::quiet_NaN();
  float weight = 1;
};

/// A log with one sequence for each user, in the order in which they first come.
inline EventLog log_of(const std::vector<Rated>& events) {
  EventLog log;
  std::map<std::string, std::uint32_t> users;
  for (const Rated& event : events) {
    if (users.try_emplace(event.user, static_cast<std::uint32_t>(users.size())).second)
      log.users.push_back(event.user);
  }
  for (std::uint32_t u = 0; u < log.users.size(); ++u) {
    const std::size_t begin = log.events.size();
    for (const Rated& event : events) {
      if (event.user != log.users[u]) continue;
      LogEvent row;
      row.item = event.item;
      row.rating = event.rating;
      row.time = event.time;
      row.weight = event.weight;
      log.events.push_back(row);
    }
    log.sequences.push_back({begin, log.events.size(), u, log.users[u]});
  }
  return log;
}

/// What a generated log was made of.
struct Planted {
  std::size_t users = 300;
  std::size_t items = 60;
  std::size_t factors = 2;
  std::size_t rated = 18;  ///< items of a user
  std::size_t viewed = 0;  ///< further items, touched without a rating
  double biases = 0.4;     ///< deviation of the biases
  double taste = 0;        ///< of p
  double implicit = 0;     ///< of y
  double noise = 0.1;
};

/// Ratings 5 + b_u + b_i + q_i . (p_u + |N|^-1/2 sum of y_j) + noise.
inline std::vector<Rated> planted_ratings(const Planted& planted, std::uint64_t seed) {
  RandomStream random(seed);
  const auto normal = [&](double deviation) { return deviation * static_cast<double>(random.normal()); };
  const auto matrix = [&](std::size_t rows, double deviation) {
    std::vector<std::vector<double>> values(rows, std::vector<double>(planted.factors));
    for (auto& row : values) {
      for (double& value : row) value = normal(deviation);
    }
    return values;
  };
  const auto q = matrix(planted.items, 1);
  const auto y = matrix(planted.items, planted.implicit);
  auto user_vectors = matrix(planted.users, planted.taste);
  std::vector<double> item_bias(planted.items);
  for (double& bias : item_bias) bias = normal(planted.biases);
  std::vector<Rated> events;
  for (std::size_t u = 0; u < planted.users; ++u) {
    std::vector<ItemId> touched(planted.items);
    for (std::size_t i = 0; i < planted.items; ++i) touched[i] = static_cast<ItemId>(i);
    for (std::size_t i = 0; i + 1 < planted.items; ++i)
      std::swap(touched[i], touched[i + random.below(planted.items - i)]);
    touched.resize(planted.rated + planted.viewed);
    for (const ItemId j : touched) {
      for (std::size_t k = 0; k < planted.factors; ++k)
        user_vectors[u][k] += y[j][k] / std::sqrt(static_cast<double>(touched.size()));
    }
    const double user_bias = normal(planted.biases);
    for (std::size_t n = 0; n < touched.size(); ++n) {
      double rating = 5 + user_bias + item_bias[touched[n]] + normal(planted.noise);
      for (std::size_t k = 0; k < planted.factors; ++k) rating += q[touched[n]][k] * user_vectors[u][k];
      events.push_back({"u" + std::to_string(1000 + u), touched[n],
                        n < planted.rated ? static_cast<float>(rating) : kView});
    }
  }
  return events;
}

}  // namespace segue::index::testing
