#include "index/model/content_neighbourhood.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "index/model/content_features.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

constexpr std::size_t kItems = 300, kWidth = 12, kPlace = 5;

/// Items in families of three, alike within: content and place of each are those of its family and some
/// noise. Where `linear`, places are instead a linear map of contents.
struct Families {
  std::vector<float> content, places, events;

  explicit Families(bool linear) : events(kItems, 1.0f) {
    RandomStream random(4);
    std::vector<float> map(kWidth * kPlace), family(kWidth), home(kPlace);
    for (float& x : map) x = random.normal();
    for (std::size_t i = 0; i < kItems; ++i) {
      if (i % 3 == 0 || linear) {
        for (float& x : family) x = random.normal();
        for (float& x : home) x = random.normal();
      }
      std::vector<double> row(kWidth);
      double squares = 0;
      for (std::size_t c = 0; c < kWidth; ++c) {
        row[c] = static_cast<double>(family[c] + 0.1f * random.normal());
        squares += row[c] * row[c];
      }
      for (const double x : row) content.push_back(static_cast<float>(x / std::sqrt(squares)));
      for (std::size_t p = 0; p < kPlace; ++p) {
        float place = home[p];
        if (linear) place = 0;
        for (std::size_t c = 0; linear && c < kWidth; ++c)
          place += content[i * kWidth + c] * map[c * kPlace + p];
        places.push_back(place + 0.05f * random.normal());
      }
    }
  }
  ProjectionTask task() const {
    return {{content.data(), kItems, kWidth}, {places.data(), kItems, kPlace}, events, 2};
  }
};

TEST(ContentNeighbourhood, IsTheWeightedMeanOfTheNearest) {
  const Families families(false);
  const ProjectionTask task = families.task();
  const ContentNeighbourhood neighbourhood(task);
  std::vector<std::pair<double, std::size_t>> near;
  for (std::size_t i = 0; i < kItems; ++i) {
    double cosine = 0;
    for (std::size_t c = 0; c < kWidth; ++c)
      cosine += static_cast<double>(task.content(7, c)) * static_cast<double>(task.content(i, c));
    near.emplace_back(-cosine, i);
  }
  std::sort(near.begin(), near.end());
  std::vector<double> expected(kPlace);
  double total = 0;
  for (std::size_t n = 0; n < ContentNeighbourhood::kNearest; ++n) {
    const double weight = std::pow(-near[n].first, 8);
    total += weight;
    for (std::size_t p = 0; p < kPlace; ++p)
      expected[p] += weight * static_cast<double>(task.places(near[n].second, p));
  }
  std::vector<float> place(kPlace);
  std::vector<bool> alike;
  neighbourhood.place(task.content.rows_at(7, 1), {place.data(), 1, kPlace}, alike);
  ASSERT_TRUE(alike.at(0));
  for (std::size_t p = 0; p < kPlace; ++p)
    EXPECT_NEAR(static_cast<double>(place[p]), expected[p] / total, 1e-4);
}

TEST(ContentNeighbourhood, SaysNothingOfWhatIsLikeNoItem) {
  const std::vector<float> content{1, 0, 0, 1}, places{3, 4}, events{1, 1};
  const ContentNeighbourhood neighbourhood({{content.data(), 2, 2}, {places.data(), 2, 1}, events, 1});
  const std::vector<float> unlike{-1, 0};
  std::vector<float> place{9};
  std::vector<bool> alike;
  neighbourhood.place({unlike.data(), 1, 2}, {place.data(), 1, 1}, alike);
  EXPECT_FALSE(alike.at(0));
  EXPECT_EQ(place[0], 0);
}

TEST(PlacementAgreement, TellsSiblingsFromAMapThatSuitsAll) {
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  const PlacementAgreement siblings = placement_agreement(Families(false).task(), *backend);
  EXPECT_GT(siblings.neighbours, 0.8);
  EXPECT_LT(siblings.map, 0.5);
  const PlacementAgreement linear = placement_agreement(Families(true).task(), *backend);
  EXPECT_GT(linear.map, 0.9);
  EXPECT_LT(linear.neighbours, linear.map);
}

TEST(ContentFeatures, ShareMoreTheNearerTheNumbersOfASeries) {
  const auto shared = [](std::string_view a, std::string_view b) {
    std::size_t count = 0;
    for (const ContentFeature& of_a : ContentFeatures::of_id(a)) {
      for (const ContentFeature& of_b : ContentFeatures::of_id(b)) count += of_a == of_b;
    }
    return count;
  };
  EXPECT_EQ(shared("85123A", "85123B"), 6u);
  EXPECT_GE(shared("85123", "85124"), 4u);
  EXPECT_GT(shared("85123", "85124"), shared("85123", "85140"));
  EXPECT_GT(shared("85123", "85140"), shared("85123", "85300"));
  EXPECT_EQ(shared("85123", "85300"), 0u);
  EXPECT_EQ(shared("A85123", "B85123"), 0u);  // other series
  EXPECT_EQ(shared("85123", "085123"), 0u);
  EXPECT_TRUE(ContentFeatures::of_id("POST").empty());
  EXPECT_TRUE(ContentFeatures::of_id("1234567890123456789012").empty());
}

}  // namespace
}  // namespace segue::index
