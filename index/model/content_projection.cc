#include "index/model/content_projection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "index/model/matrix_buffer.h"
#include "index/model/random_stream.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;
using kernels::Op;

constexpr std::array<double, 8> kRidges = {1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3, 10};
constexpr std::size_t kBlockRows = 1024;

/// The centred sums that the regression needs, over some of a task's items.
struct Moments {
  double total = 0;                    // of the events
  std::vector<double> content, place;  // weighted means [w], [d]
  std::vector<double> gram;            // C' N C [w, w]
  std::vector<double> cross;           // C' N E [w, d]
};

template <class Included>
Moments moments_of(const ProjectionTask& task, const kernels::Backend& backend, const Included& included) {
  const std::size_t w = task.content.cols;
  const std::size_t d = task.places.cols;
  Moments m{0, std::vector<double>(w), std::vector<double>(d), std::vector<double>(w * w),
            std::vector<double>(w * d)};
  for (std::size_t r = 0; r < task.content.rows; ++r) {
    if (!included(r)) continue;
    const auto n = static_cast<double>(task.events[r]);
    m.total += n;
    for (std::size_t c = 0; c < w; ++c) m.content[c] += n * static_cast<double>(task.content(r, c));
    for (std::size_t c = 0; c < d; ++c) m.place[c] += n * static_cast<double>(task.places(r, c));
  }
  if (!(m.total > 0)) return m;
  for (double& x : m.content) x /= m.total;
  for (double& x : m.place) x /= m.total;

  // Products of a block by the fp32 kernel, their sums in fp64.
  MatrixBuffer content, places, gram, cross;
  for (std::size_t next = 0; next < task.content.rows;) {
    content.reshape(kBlockRows, w);
    places.reshape(kBlockRows, d);
    std::size_t count = 0;
    for (; next < task.content.rows && count < kBlockRows; ++next) {
      if (!included(next)) continue;
      const double root = std::sqrt(static_cast<double>(task.events[next]));
      for (std::size_t c = 0; c < w; ++c) {
        content.view()(count, c) =
            static_cast<float>(root * (static_cast<double>(task.content(next, c)) - m.content[c]));
      }
      for (std::size_t c = 0; c < d; ++c) {
        places.view()(count, c) =
            static_cast<float>(root * (static_cast<double>(task.places(next, c)) - m.place[c]));
      }
      ++count;
    }
    if (count == 0) continue;
    const ConstMatrix x = content.view().rows_at(0, count);
    backend.matmul(x, Op::kTranspose, x, Op::kNone, 1, 0, gram.reshape(w, w));
    backend.matmul(x, Op::kTranspose, places.view().rows_at(0, count), Op::kNone, 1, 0, cross.reshape(w, d));
    for (std::size_t i = 0; i < w * w; ++i) m.gram[i] += static_cast<double>(gram.flat()[i]);
    for (std::size_t i = 0; i < w * d; ++i) m.cross[i] += static_cast<double>(cross.flat()[i]);
  }
  return m;
}

/// The map's weights [w + 1, d] for a ridge r, by a Cholesky factorisation.
std::vector<double> solve(const Moments& m, double r) {
  const std::size_t w = m.content.size();
  const std::size_t d = m.place.size();
  double trace = 0;
  for (std::size_t i = 0; i < w; ++i) trace += m.gram[i * w + i];
  // Contents that are all alike leave nothing to divide by; any ridge then gives a map to the mean.
  const double lambda = std::max(r * trace / static_cast<double>(w), std::numeric_limits<double>::min());
  std::vector<double> l = m.gram;  // lower factor
  for (std::size_t j = 0; j < w; ++j) {
    double pivot = l[j * w + j] + lambda;
    for (std::size_t k = 0; k < j; ++k) pivot -= l[j * w + k] * l[j * w + k];
    // fp32 rounding of the products may leave a pivot below the ridge, but not the matrix.
    const double diagonal = std::sqrt(std::max(pivot, lambda));
    l[j * w + j] = diagonal;
    for (std::size_t i = j + 1; i < w; ++i) {
      double sum = l[i * w + j];
      for (std::size_t k = 0; k < j; ++k) sum -= l[i * w + k] * l[j * w + k];
      l[i * w + j] = sum / diagonal;
    }
  }
  std::vector<double> x = m.cross;
  x.resize((w + 1) * d);
  for (std::size_t i = 0; i < w; ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      for (std::size_t c = 0; c < d; ++c) x[i * d + c] -= l[i * w + k] * x[k * d + c];
    }
    for (std::size_t c = 0; c < d; ++c) x[i * d + c] /= l[i * w + i];
  }
  for (std::size_t i = w; i-- > 0;) {
    for (std::size_t k = i + 1; k < w; ++k) {
      for (std::size_t c = 0; c < d; ++c) x[i * d + c] -= l[k * w + i] * x[k * d + c];
    }
    for (std::size_t c = 0; c < d; ++c) x[i * d + c] /= l[i * w + i];
  }
  for (std::size_t c = 0; c < d; ++c) {
    x[w * d + c] = m.place[c];
    for (std::size_t i = 0; i < w; ++i) x[w * d + c] -= m.content[i] * x[i * d + c];
  }
  return x;
}

void apply_map(std::span<const double> weights, std::span<const float> content, std::span<double> place) {
  const std::size_t d = place.size();
  for (std::size_t c = 0; c < d; ++c) place[c] = weights[content.size() * d + c];
  for (std::size_t i = 0; i < content.size(); ++i) {
    for (std::size_t c = 0; c < d; ++c) place[c] += static_cast<double>(content[i]) * weights[i * d + c];
  }
}

}  // namespace

bool ContentProjection::held_out(const ProjectionTask& task, std::size_t row) {
  return mix_seed(task.seed, row) % 5 == 0;
}

ContentProjection ContentProjection::fit(const ProjectionTask& task, const kernels::Backend& backend) {
  const std::size_t n = task.content.rows;
  if (task.places.rows != n || task.events.size() != n || n < kLeastItems)
    throw std::invalid_argument("a content projection needs as many places as contents, and enough of them");
  const auto held_out = [&](std::size_t r) { return ContentProjection::held_out(task, r); };
  ContentProjection best;
  best.width_ = task.content.cols;

  const Moments rest = moments_of(task, backend, [&](std::size_t r) { return !held_out(r); });
  std::vector<double> place(task.places.cols);
  double least = std::numeric_limits<double>::infinity();
  double spread = 0;  // of the held-out places around the mean of the others
  for (const double r : kRidges) {
    const std::vector<double> weights = solve(rest, r);
    double error = 0;
    spread = 0;
    for (std::size_t i = 0; i < n; ++i) {
      if (!held_out(i)) continue;
      apply_map(weights, task.content.row_span(i), place);
      for (std::size_t c = 0; c < place.size(); ++c) {
        const auto truth = static_cast<double>(task.places(i, c));
        error += static_cast<double>(task.events[i]) * (truth - place[c]) * (truth - place[c]);
        spread += static_cast<double>(task.events[i]) * (truth - rest.place[c]) * (truth - rest.place[c]);
      }
    }
    if (error < least) {
      least = error;
      best.ridge_ = r;
    }
  }
  best.explained_ = spread > 0 ? 1 - least / spread : 0;
  best.weights_ = solve(moments_of(task, backend, [](std::size_t) { return true; }), best.ridge_);
  return best;
}

void ContentProjection::apply(std::span<const float> content, std::span<float> place) const {
  if (content.size() != width_ || place.size() * (width_ + 1) != weights_.size())
    throw std::invalid_argument("a content of another width");
  std::vector<double> exact(place.size());
  apply_map(weights_, content, exact);
  std::transform(exact.begin(), exact.end(), place.begin(), [](double x) { return static_cast<float>(x); });
}

}  // namespace segue::index
