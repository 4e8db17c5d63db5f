#include "index/model/content_neighbourhood.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "index/model/matrix_buffer.h"

namespace segue::index {
namespace {

constexpr std::size_t kMostMeasured = 2000;

/// Sums for a correlation of vectors around a mean.
struct Correlation {
  double both = 0, said = 0, true_ = 0;

  void add(double weight, std::span<const float> place, std::span<const float> truth,
           std::span<const double> mean) {
    for (std::size_t c = 0; c < mean.size(); ++c) {
      const double a = static_cast<double>(place[c]) - mean[c];
      const double b = static_cast<double>(truth[c]) - mean[c];
      both += weight * a * b;
      said += weight * a * a;
      true_ += weight * b * b;
    }
  }
  double squared() const { return both > 0 && said > 0 && true_ > 0 ? both * both / (said * true_) : 0; }
};

/// Some rows of a task, as a task of their own.
struct Part {
  MatrixBuffer content, places;
  std::vector<float> events;

  Part(const ProjectionTask& task, const std::vector<std::size_t>& rows) {
    content.reshape(rows.size(), task.content.cols);
    places.reshape(rows.size(), task.places.cols);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      std::ranges::copy(task.content.row_span(rows[r]), content.view().row(r));
      std::ranges::copy(task.places.row_span(rows[r]), places.view().row(r));
      events.push_back(task.events[rows[r]]);
    }
  }
};

}  // namespace

ContentNeighbourhood::ContentNeighbourhood(const ProjectionTask& task)
    : places_(task.places), contents_(task.content) {
  if (task.places.rows != task.content.rows)
    throw std::invalid_argument("a content neighbourhood needs as many places as contents");
}

void ContentNeighbourhood::place(kernels::ConstMatrix contents, kernels::Matrix places,
                                 std::vector<bool>& alike) const {
  alike.assign(contents.rows, false);
  const auto near = contents_.search(contents, kNearest);
  std::vector<double> sum(places.cols);
  for (std::size_t r = 0; r < contents.rows; ++r) {
    std::ranges::fill(sum, 0);
    double total = 0;
    for (const ScoredItem& sibling : near[r]) {
      if (!(sibling.score > 0)) continue;
      const double weight = std::pow(sibling.score, kSharpness);
      total += weight;
      const auto row = places_.row_span(sibling.item);
      for (std::size_t c = 0; c < sum.size(); ++c) sum[c] += weight * static_cast<double>(row[c]);
    }
    for (std::size_t c = 0; c < sum.size(); ++c)
      places(r, c) = static_cast<float>(total > 0 ? sum[c] / total : 0);
    alike[r] = total > 0;
  }
}

PlacementAgreement placement_agreement(const ProjectionTask& task, const kernels::Backend& backend) {
  std::vector<std::size_t> measured, others;
  for (std::size_t r = 0; r < task.content.rows; ++r)
    (ContentProjection::held_out(task, r) ? measured : others).push_back(r);
  if (measured.empty() || others.size() < ContentProjection::kLeastItems) return {};
  const Part rest(task, others);
  const ProjectionTask known{rest.content.view(), rest.places.view(), rest.events, task.seed};
  const auto map = ContentProjection::fit(known, backend);
  const ContentNeighbourhood neighbourhood(known);

  std::vector<double> mean(task.places.cols);
  const double all = std::accumulate(rest.events.begin(), rest.events.end(), 0.0);
  for (std::size_t r = 0; r < others.size(); ++r) {
    for (std::size_t c = 0; c < mean.size(); ++c)
      mean[c] += static_cast<double>(rest.events[r]) * static_cast<double>(known.places(r, c)) / all;
  }
  const std::size_t count = std::min(measured.size(), kMostMeasured);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < count; ++i) rows.push_back(measured[i * measured.size() / count]);
  const Part drawn(task, rows);
  MatrixBuffer by_siblings;
  std::vector<bool> alike;
  neighbourhood.place(drawn.content.view(), by_siblings.reshape(count, mean.size()), alike);
  Correlation by_map, by_neighbours;
  std::vector<float> mapped(mean.size());
  for (std::size_t r = 0; r < count; ++r) {
    const auto weight = static_cast<double>(drawn.events[r]);
    const auto truth = drawn.places.view().row_span(r);
    map.apply(drawn.content.view().row_span(r), mapped);
    by_map.add(weight, mapped, truth, mean);
    if (alike[r]) by_neighbours.add(weight, by_siblings.view().row_span(r), truth, mean);
  }
  return {by_map.squared(), by_neighbours.squared()};
}

}  // namespace segue::index
