#include "index/model/matrix_factorization.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "index/model/interactions.h"
#include "index/model/metadata.h"
#include "index/model/random_stream.h"
#include "index/safetensors.h"

namespace segue::index {

namespace {

/// Rows that a thread solves at a time, and how many of them pass between two looks at the user's wish to
/// stop.
constexpr std::size_t kRowsPerBlock = 32;
constexpr std::size_t kBlocksPerReport = 64;
/// Deviation of the first factors times sqrt(factors), as in arXiv:2110.14037.
constexpr double kStart = 0.1;

bool in_range(const MfOptions& options) {
  const auto positive = [](double x) { return std::isfinite(x) && x > 0; };
  return options.factors > 0 && options.iterations > 0 && positive(options.unobserved_weight) &&
         positive(options.confidence) && positive(options.ridge) && std::isfinite(options.ridge_exponent) &&
         options.ridge_exponent >= 0 && std::isfinite(options.recency) && options.recency >= 0;
}

/// One half of an iteration after the other, with what they share.
class Alternation {
 public:
  Alternation(const MfOptions& options, const kernels::Backend& backend, kernels::ThreadPool& pool,
              Progress& progress, std::size_t rows_to_solve)
      : options_(options), backend_(backend), pool_(pool), progress_(progress), total_(rows_to_solve) {}

  /// Solves every row of `solved` against the rows of `fixed` that its pairs name.
  void solve(const PairRows& pairs, kernels::ConstMatrix fixed, kernels::Matrix solved) {
    const std::size_t factors = options_.factors;
    std::vector<float> gram(factors * factors);
    const kernels::Matrix gram_view(gram.data(), factors, factors);
    backend_.matmul(fixed, kernels::Op::kTranspose, fixed, kernels::Op::kNone, 1, 0, gram_view);
    constexpr std::size_t kChunk = kRowsPerBlock * kBlocksPerReport;
    for (std::size_t first = 0; first < solved.rows; first += kChunk) {
      const std::size_t end = std::min(solved.rows, first + kChunk);
      pool_.run((end - first + kRowsPerBlock - 1) / kRowsPerBlock, [&](std::size_t block) {
        std::vector<float> confidence;
        const std::size_t begin = first + block * kRowsPerBlock;
        for (std::size_t r = begin; r < std::min(end, begin + kRowsPerBlock); ++r) {
          const auto weights = pairs.weights_of(r);
          confidence.assign(weights.begin(), weights.end());
          solve_row(options_, backend_, {gram_view, fixed}, pairs.others_of(r), confidence,
                    solved.row_span(r));
        }
      });
      done_ += end - first;
      progress_.update(static_cast<double>(done_), static_cast<double>(total_));
      progress_.check();
    }
  }

 private:
  const MfOptions& options_;
  const kernels::Backend& backend_;
  kernels::ThreadPool& pool_;
  Progress& progress_;
  std::size_t total_;
  std::size_t done_ = 0;
};

}  // namespace

void solve_row(const MfOptions& options, const kernels::Backend& backend, const FixedSide& fixed,
               std::span<const std::uint32_t> others, std::span<float> weights, std::span<float> x) {
  if (others.empty()) {
    std::fill(x.begin(), x.end(), 0.0f);
    return;
  }
  // The whole objective divided by a: then all pairs weigh 1 and those with events 1 + c w / a, which is
  // als_solve's form.
  const double a = options.unobserved_weight;
  for (float& weight : weights)
    weight = static_cast<float>(options.confidence * static_cast<double>(weight) / a);
  const double size = static_cast<double>(others.size()) + a * static_cast<double>(fixed.factors.rows);
  const double ridge = options.ridge * std::pow(size, options.ridge_exponent) / a;
  backend.als_solve(fixed.gram, fixed.factors, others, weights, static_cast<float>(ridge), x);
}

MatrixFactorization MatrixFactorization::train(const TrainingData& data, const MfOptions& options,
                                               const kernels::Backend& backend, kernels::ThreadPool& pool,
                                               Progress& progress) {
  if (!in_range(options))
    throw std::invalid_argument("a constant of the matrix factorisation is out of range");
  const Interactions interactions(data);
  const std::size_t items = interactions.vocabulary().size();
  const std::size_t users = data.sequences();

  auto item_factors = std::make_shared<std::vector<float>>(items * options.factors);
  RandomStream random(options.seed);
  const float deviation = static_cast<float>(kStart / std::sqrt(static_cast<double>(options.factors)));
  for (float& x : *item_factors) x = deviation * random.normal();
  const kernels::Matrix y(item_factors->data(), items, options.factors);
  std::vector<float> user_factors(users * options.factors);
  const kernels::Matrix x(user_factors.data(), users, options.factors);

  if (items > 0) {
    Alternation alternation(options, backend, pool, progress, options.iterations * (users + items));
    for (std::size_t i = 0; i < options.iterations; ++i) {
      alternation.solve(interactions.by_user(), y, x);
      alternation.solve(interactions.by_item(), x, y);
    }
  }

  MatrixFactorization result;
  result.options_ = options;
  result.own_vocabulary_ = std::make_shared<std::vector<std::int32_t>>(interactions.vocabulary().begin(),
                                                                       interactions.vocabulary().end());
  result.vocabulary_ = *result.own_vocabulary_;
  result.item_factors_ = y;
  result.own_factors_ = std::move(item_factors);
  return result;
}

MatrixFactorization MatrixFactorization::open(const std::filesystem::path& file, std::size_t item_count) {
  const auto tensors = Safetensors::open(file);
  MatrixFactorization result;
  MfOptions& options = result.options_;
  options.factors = count_metadata(*tensors, "factors");
  options.iterations = count_metadata(*tensors, "iterations");
  options.unobserved_weight = number_metadata(*tensors, "unobserved_weight");
  options.confidence = number_metadata(*tensors, "confidence");
  options.ridge = number_metadata(*tensors, "ridge");
  options.ridge_exponent = number_metadata(*tensors, "ridge_exponent");
  options.recency = number_metadata(*tensors, "recency");
  options.seed = count_metadata(*tensors, "seed");
  if (!in_range(options)) refuse(*tensors, "a constant in the metadata is out of range");
  result.vocabulary_ = vocabulary_tensor(*tensors, "vocabulary", item_count);
  result.item_factors_ = tensors->matrix("item_factors", options.factors);
  if (result.item_factors_.rows != result.vocabulary_.size()) {
    refuse(*tensors, "item_factors has not one row per item of the vocabulary");
  }
  result.file_ = tensors;
  return result;
}

void MatrixFactorization::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  const std::span<const float> factors(item_factors_.data, item_factors_.rows * item_factors_.cols);
  writer.add("vocabulary", {vocabulary_.size()}, vocabulary_);
  writer.add("item_factors", {item_factors_.rows, item_factors_.cols}, factors);
  writer.metadata("factors", std::to_string(options_.factors));
  writer.metadata("iterations", std::to_string(options_.iterations));
  writer.metadata("unobserved_weight", number_text(options_.unobserved_weight));
  writer.metadata("confidence", number_text(options_.confidence));
  writer.metadata("ridge", number_text(options_.ridge));
  writer.metadata("ridge_exponent", number_text(options_.ridge_exponent));
  writer.metadata("recency", number_text(options_.recency));
  writer.metadata("seed", std::to_string(options_.seed));
  writer.write(file);
}

}  // namespace segue::index
