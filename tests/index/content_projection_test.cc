#include "index/model/content_projection.h"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "index/model/content_placement.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

/// Places that are a linear map of contents, plus noise.
struct Planted {
  std::size_t n, w, d;
  std::vector<float> content, places, events;
  std::vector<double> map;  // [w, d]

  Planted(std::size_t items, double signal, double noise, std::uint64_t seed = 3)
      : n(items), w(6), d(4), map(w * d) {
    RandomStream random(seed);
    for (double& x : map) x = signal * static_cast<double>(random.normal());
    for (std::size_t i = 0; i < n; ++i) {
      std::vector<double> place(d, 0.5);
      for (std::size_t c = 0; c < w; ++c) {
        content.push_back(random.normal());
        for (std::size_t k = 0; k < d; ++k) place[k] += static_cast<double>(content.back()) * map[c * d + k];
      }
      for (const double x : place)
        places.push_back(static_cast<float>(x + noise * static_cast<double>(random.normal())));
      events.push_back(static_cast<float>(1 + random.below(9)));
    }
  }
  ProjectionTask task() const { return {{content.data(), n, w}, {places.data(), n, d}, events, 5}; }
};

/// Solves a x = b [n, d] by Gaussian elimination with pivots, in place: a reference that shares nothing with
/// the code under test.
void eliminate(std::vector<double>& a, std::vector<double>& b, std::size_t n, std::size_t d) {
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t best = k;
    for (std::size_t r = k; r < n; ++r) {
      if (std::fabs(a[r * n + k]) > std::fabs(a[best * n + k])) best = r;
    }
    for (std::size_t c = 0; c < n; ++c) std::swap(a[k * n + c], a[best * n + c]);
    for (std::size_t c = 0; c < d; ++c) std::swap(b[k * d + c], b[best * d + c]);
    for (std::size_t r = 0; r < n; ++r) {
      if (r == k) continue;
      const double f = a[r * n + k] / a[k * n + k];
      for (std::size_t c = 0; c < n; ++c) a[r * n + c] -= f * a[k * n + c];
      for (std::size_t c = 0; c < d; ++c) b[r * d + c] -= f * b[k * d + c];
    }
  }
  for (std::size_t r = 0; r < n; ++r) {
    for (std::size_t c = 0; c < d; ++c) b[r * d + c] /= a[r * n + r];
  }
}

class ContentProjectionTest : public ::testing::Test {
 protected:
  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
};

TEST_F(ContentProjectionTest, IsWeightedRidgeRegression) {
  const Planted p(200, 0.5, 0.7);
  const ContentProjection projection = ContentProjection::fit(p.task(), *backend_);

  double total = 0;
  std::vector<double> mean_c(p.w), mean_e(p.d), gram(p.w * p.w), cross(p.w * p.d);
  for (std::size_t i = 0; i < p.n; ++i) {
    total += static_cast<double>(p.events[i]);
    for (std::size_t c = 0; c < p.w; ++c)
      mean_c[c] += static_cast<double>(p.events[i]) * static_cast<double>(p.content[i * p.w + c]);
    for (std::size_t c = 0; c < p.d; ++c)
      mean_e[c] += static_cast<double>(p.events[i]) * static_cast<double>(p.places[i * p.d + c]);
  }
  for (double& x : mean_c) x /= total;
  for (double& x : mean_e) x /= total;
  double trace = 0;
  for (std::size_t i = 0; i < p.n; ++i) {
    for (std::size_t a = 0; a < p.w; ++a) {
      const double x = static_cast<double>(p.content[i * p.w + a]) - mean_c[a];
      for (std::size_t b = 0; b < p.w; ++b)
        gram[a * p.w + b] +=
            static_cast<double>(p.events[i]) * x * (static_cast<double>(p.content[i * p.w + b]) - mean_c[b]);
      for (std::size_t b = 0; b < p.d; ++b)
        cross[a * p.d + b] +=
            static_cast<double>(p.events[i]) * x * (static_cast<double>(p.places[i * p.d + b]) - mean_e[b]);
    }
  }
  for (std::size_t a = 0; a < p.w; ++a) trace += gram[a * p.w + a];
  for (std::size_t a = 0; a < p.w; ++a)
    gram[a * p.w + a] += projection.ridge() * trace / static_cast<double>(p.w);
  eliminate(gram, cross, p.w, p.d);

  const std::vector<float> content = {0.3f, -1, 2, 0.5f, 0, -0.7f};
  std::vector<float> place(p.d);
  projection.apply(content, place);
  for (std::size_t c = 0; c < p.d; ++c) {
    double expected = mean_e[c];
    for (std::size_t a = 0; a < p.w; ++a)
      expected += (static_cast<double>(content[a]) - mean_c[a]) * cross[a * p.d + c];
    EXPECT_NEAR(place[c], expected, 1e-4);
  }
}

TEST_F(ContentProjectionTest, RecoversAMapAndSaysHowMuchItExplains) {
  const ContentProjection clear = ContentProjection::fit(Planted(400, 1, 0.01).task(), *backend_);
  EXPECT_GT(clear.explained(), 0.99);
  EXPECT_LE(clear.ridge(), 0.01);
  const ContentProjection noise = ContentProjection::fit(Planted(400, 0, 1).task(), *backend_);
  EXPECT_LT(noise.explained(), 0.05);
  EXPECT_GT(noise.ridge(), clear.ridge());
}

TEST_F(ContentProjectionTest, OfContentsThatAreAllAlikeIsTheMeanPlace) {
  Planted p(50, 1, 0.5);
  std::fill(p.content.begin(), p.content.end(), 0.25f);
  const ContentProjection projection = ContentProjection::fit(p.task(), *backend_);
  std::vector<float> place(p.d);
  projection.apply(std::vector<float>(p.w, 0.25f), place);
  double total = 0, sum = 0;
  for (std::size_t i = 0; i < p.n; ++i) {
    total += static_cast<double>(p.events[i]);
    sum += static_cast<double>(p.events[i]) * static_cast<double>(p.places[i * p.d]);
  }
  EXPECT_NEAR(place[0], sum / total, 1e-4);
}

TEST_F(ContentProjectionTest, RefusesShapesThatDoNotFit) {
  const Planted p(50, 1, 0.5);
  ProjectionTask task = p.task();
  task.events = task.events.first(49);
  EXPECT_THROW(ContentProjection::fit(task, *backend_), std::invalid_argument);
  const Planted few(ContentProjection::kLeastItems - 1, 1, 0.5);
  EXPECT_THROW(ContentProjection::fit(few.task(), *backend_), std::invalid_argument);
  const ContentProjection projection = ContentProjection::fit(p.task(), *backend_);
  std::vector<float> place(p.d);
  EXPECT_THROW(projection.apply(std::vector<float>(p.w + 1), place), std::invalid_argument);
}

}  // namespace
}  // namespace segue::index
