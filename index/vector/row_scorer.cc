#include "index/vector/row_scorer.h"

#include <faiss/impl/ScalarQuantizer.h>
#include <faiss/utils/distances.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace segue::index {
namespace {

/// The largest magnitude of the query's integers: 16 bits, and no sum over a row leaves 32.
double largest_integer(std::size_t dimension) {
  constexpr double kSum = std::numeric_limits<std::int32_t>::max();
  return std::min(32767.0, std::floor(kSum / (128.0 * static_cast<double>(dimension))));
}

std::int32_t dot(const std::int16_t* query, const std::int8_t* row, std::size_t size) {
  std::int32_t sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += static_cast<std::int16_t>(row[i]) * query[i];
  return sum;
}

}  // namespace

struct RowScorer::Halves {
  Halves(std::size_t dimension, bool distance, std::span<const float> query)
      : quantizer(dimension, faiss::ScalarQuantizer::QT_fp16),
        computer(quantizer.get_distance_computer(distance ? faiss::METRIC_L2 : faiss::METRIC_INNER_PRODUCT)) {
    computer->set_query(query.data());
  }
  faiss::ScalarQuantizer quantizer;
  std::unique_ptr<faiss::ScalarQuantizer::SQDistanceComputer> computer;
};

RowScorer::RowScorer(const StoredMatrix& rows, Metric metric, std::span<const float> query)
    : rows_(rows), distance_(metric == Metric::kL2), query_(query) {
  if (query.empty()) return;
  if (rows.storage() == Storage::kFp16) halves_ = std::make_unique<Halves>(query.size(), distance_, query);
  if (rows.storage() != Storage::kInt8) return;
  if (distance_) {
    decoded_.resize(query.size());
    return;
  }
  double largest = 0;
  for (const float x : query) largest = std::max(largest, std::abs(static_cast<double>(x)));
  integer_scale_ = largest / largest_integer(query.size());
  for (const float x : query) {
    const double integer = integer_scale_ == 0 ? 0 : std::nearbyint(static_cast<double>(x) / integer_scale_);
    integers_.push_back(static_cast<std::int16_t>(integer));
  }
}

RowScorer::~RowScorer() = default;

double RowScorer::operator()(std::size_t row) {
  const std::size_t d = query_.size();
  if (d == 0) return 0;
  double score = 0;
  switch (rows_.storage()) {
    case Storage::kFp32: {
      const float* floats = rows_.floats().data() + row * d;
      score = distance_ ? faiss::fvec_L2sqr(query_.data(), floats, d)
                        : faiss::fvec_inner_product(query_.data(), floats, d);
      break;
    }
    case Storage::kFp16:
      score = halves_->computer->query_to_code(
          reinterpret_cast<const std::uint8_t*>(rows_.halves().data() + row * d));
      break;
    case Storage::kInt8:
      if (distance_) {
        rows_.copy_row(row, decoded_);
        score = faiss::fvec_L2sqr(query_.data(), decoded_.data(), d);
      } else {
        score = dot(integers_.data(), rows_.integers().data() + row * d, d) * integer_scale_ *
                static_cast<double>(rows_.scales()[row]);
      }
  }
  return distance_ ? 0.0 - score : score;
}

}  // namespace segue::index
