#include "index/model/content_placement.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "index/model/content_neighbourhood.h"
#include "index/model/content_projection.h"
#include "index/model/matrix_buffer.h"

namespace segue::index {
namespace {

using kernels::ConstMatrix;

constexpr std::size_t kNewcomersAtOnce = 4096;

/// The items that have both a content and a place, as the projection wants them.
struct Common {
  MatrixBuffer content, places;
  std::vector<float> events;

  Common(const ContentSpace& space, std::span<const ItemId> vocabulary, ConstMatrix from,
         std::span<const float> counts) {
    content.reshape(vocabulary.size(), space.width());
    places.reshape(vocabulary.size(), from.cols);
    for (std::size_t r = 0; r < vocabulary.size(); ++r) {
      const std::size_t row = space.row(vocabulary[r]);
      if (row == ContentSpace::kNoRow || !(counts[vocabulary[r]] > 0)) continue;
      std::copy_n(space.vectors().row(row), space.width(), content.view().row(events.size()));
      std::copy_n(from.row(r), from.cols, places.view().row(events.size()));
      events.push_back(counts[vocabulary[r]]);
    }
  }
  ProjectionTask task(std::uint64_t seed) const {
    return {content.view().rows_at(0, events.size()), places.view().rows_at(0, events.size()), events, seed};
  }
};

}  // namespace

std::vector<float> event_counts(const TrainingData& data) {
  std::vector<float> counts(data.item_count);
  for (const ItemId item : data.items) ++counts[item];
  return counts;
}

ItemPlaces place_by_content(const ContentSpace& space, std::span<const ItemId> vocabulary, ConstMatrix places,
                            std::span<const float> events, const PlacementOptions& options,
                            const kernels::Backend& backend) {
  ItemPlaces result;
  const Common common(space, vocabulary, places, events);
  if (common.events.size() < ContentProjection::kLeastItems) return result;
  const auto projection = ContentProjection::fit(common.task(options.seed), backend);
  if (!(projection.explained() > 0)) return result;
  result.mapped = true;
  const PlacementAgreement agreement = placement_agreement(common.task(options.seed), backend);
  std::optional<ContentNeighbourhood> neighbourhood;
  if (agreement.neighbours > agreement.map) neighbourhood.emplace(common.task(options.seed));

  std::vector<ItemId> contents(space.vocabulary().begin(), space.vocabulary().end());
  std::set_union(vocabulary.begin(), vocabulary.end(), contents.begin(), contents.end(),
                 std::back_inserter(result.vocabulary));
  const std::size_t d = places.cols;
  result.rows.resize(result.vocabulary.size() * d);
  std::size_t known = 0;
  std::vector<float> mapped(d);
  std::vector<std::size_t> newcomers;  // rows of the result
  for (std::size_t r = 0; r < result.vocabulary.size(); ++r) {
    const ItemId item = result.vocabulary[r];
    const std::span<float> row(result.rows.data() + r * d, d);
    const std::size_t content = space.row(item);
    const bool is_known = known < vocabulary.size() && vocabulary[known] == item;
    if (!is_known) {
      newcomers.push_back(r);
      continue;
    }
    std::copy_n(places.row(known++), d, row.begin());
    const double n = events[item];
    // A row without events was learned elsewhere. Of those with some, the map says enough: a search for each
    // would take long, and few events say the rest.
    if (content == ContentSpace::kNoRow || !(options.prior_events > 0) || !(n > 0)) continue;
    projection.apply(space.vectors().row_span(content), mapped);
    const double trust = n / (n + options.prior_events);
    for (std::size_t c = 0; c < d; ++c) {
      row[c] = static_cast<float>(trust * static_cast<double>(row[c]) +
                                  (1 - trust) * static_cast<double>(mapped[c]));
    }
  }

  MatrixBuffer contents_of_block, places_of_block;
  std::vector<bool> alike;
  for (std::size_t first = 0; first < newcomers.size(); first += kNewcomersAtOnce) {
    const std::size_t count = std::min(kNewcomersAtOnce, newcomers.size() - first);
    const kernels::Matrix block = contents_of_block.reshape(count, space.width());
    const kernels::Matrix placed = places_of_block.reshape(count, d);
    const auto newcomer = [&](std::size_t i) { return newcomers[first + i]; };
    for (std::size_t i = 0; i < count; ++i)
      std::copy_n(space.vectors().row(space.row(result.vocabulary[newcomer(i)])), block.cols, block.row(i));
    alike.assign(count, false);
    if (neighbourhood) neighbourhood->place(block, placed, alike);
    for (std::size_t i = 0; i < count; ++i) {
      if (!alike[i]) projection.apply(block.row_span(i), placed.row_span(i));
      std::copy_n(placed.row(i), d, result.rows.data() + newcomer(i) * d);
    }
  }
  return result;
}

TransformerWeights place_by_content(const TransformerWeights& weights, const ContentSpace& space,
                                    std::span<const float> events, const PlacementOptions& options,
                                    const kernels::Backend& backend) {
  // The variants that come from elsewhere compare by inner products, where lengths count as well.
  if (weights.config().form != TransformerForm::kSegue) return weights;
  const ConstMatrix items = weights.items();
  MatrixBuffer unit;
  std::vector<float> norms(items.rows);
  backend.normalize_rows(items, 1, unit.reshape(items.rows, items.cols), norms);
  const ItemPlaces placed =
      place_by_content(space, weights.vocabulary(), unit.view(), events, options, backend);
  if (!placed.mapped) return weights;

  double mean_norm = 0;
  for (const float norm : norms) mean_norm += static_cast<double>(norm) / static_cast<double>(norms.size());
  TransformerWeights extended(weights.config(), placed.vocabulary);
  std::ranges::copy(weights.flat_body(), extended.flat_body().begin());
  const kernels::Matrix table = extended.items();
  for (std::size_t r = 0; r < placed.vocabulary.size(); ++r) {
    const std::uint32_t old = weights.row(placed.vocabulary[r]);
    const bool was_there = old != TransformerWeights::kNoRow;
    if (was_there && (!(options.prior_events > 0) || !(events[placed.vocabulary[r]] > 0))) {
      std::copy_n(items.row(old), items.cols, table.row(r));
      continue;
    }
    const float scale = was_there ? norms[old] : static_cast<float>(mean_norm);
    for (std::size_t c = 0; c < items.cols; ++c) table(r, c) = scale * placed.rows[r * items.cols + c];
  }
  return extended;
}

MatrixFactorization place_by_content(const MatrixFactorization& mf, const ContentSpace& space,
                                     std::span<const float> events, const PlacementOptions& options,
                                     const kernels::Backend& backend) {
  const std::vector<ItemId> vocabulary(mf.vocabulary().begin(), mf.vocabulary().end());
  ItemPlaces placed = place_by_content(space, vocabulary, mf.item_factors(), events, options, backend);
  if (!placed.mapped) return mf;
  return mf.with_items({placed.vocabulary.begin(), placed.vocabulary.end()}, std::move(placed.rows));
}

}  // namespace segue::index
