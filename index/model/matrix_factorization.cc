#include "index/model/matrix_factorization.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "index/model/alternating_least_squares.h"
#include "index/model/interactions.h"
#include "index/model/metadata.h"
#include "index/safetensors.h"

namespace segue::index {

namespace {

bool in_range(const MfOptions& options) {
  const auto positive = [](double x) { return std::isfinite(x) && x > 0; };
  return options.factors > 0 && options.iterations > 0 && positive(options.unobserved_weight) &&
         positive(options.confidence) && positive(options.ridge) && std::isfinite(options.ridge_exponent) &&
         options.ridge_exponent >= 0 && std::isfinite(options.recency) && options.recency >= 0;
}

}  // namespace

void require_in_range(const MfOptions& options) {
  if (!in_range(options))
    throw std::invalid_argument("a constant of the matrix factorisation is out of range");
}

double ridge_of(const MfOptions& options, std::size_t pairs, std::size_t others) {
  const double a = options.unobserved_weight;
  const double size = static_cast<double>(pairs) + a * static_cast<double>(others);
  return options.ridge * std::pow(size, options.ridge_exponent) / a;
}

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
  const double ridge = ridge_of(options, others.size(), fixed.factors.rows);
  backend.als_solve(fixed.gram, fixed.factors, others, weights, static_cast<float>(ridge), x);
}

MatrixFactorization MatrixFactorization::train(const TrainingData& data, const MfOptions& options,
                                               const kernels::Backend& backend, kernels::ThreadPool& pool,
                                               Progress& progress) {
  require_in_range(options);
  const Interactions interactions(data);
  AlternatingLeastSquares als(interactions, options, backend, pool);
  const auto start = std::chrono::steady_clock::now();
  const auto pairs = static_cast<double>(interactions.by_user().others.size());
  MatrixFactorization result;
  for (std::size_t i = 1; i <= options.iterations && !interactions.vocabulary().empty(); ++i) {
    als.iterate(progress);
    const double loss = als.objective() / pairs;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    result.curve_.push_back(
        {.epoch = i, .step = i, .loss = loss, .validation = {}, .rate = 0, .seconds = seconds.count()});
    char note[32];
    std::snprintf(note, sizeof note, "loss %.4f", loss);
    progress.update(static_cast<double>(i), static_cast<double>(options.iterations), note);
  }
  const auto factors = als.item_factors();

  result.options_ = options;
  result.own_vocabulary_ = std::make_shared<std::vector<std::int32_t>>(interactions.vocabulary().begin(),
                                                                       interactions.vocabulary().end());
  result.vocabulary_ = *result.own_vocabulary_;
  result.own_factors_ =
      std::make_shared<std::vector<float>>(factors.data, factors.data + factors.rows * factors.cols);
  result.item_factors_ = {result.own_factors_->data(), factors.rows, factors.cols};
  return result;
}

MatrixFactorization MatrixFactorization::with_items(std::vector<std::int32_t> vocabulary,
                                                    std::vector<float> factors) const {
  if (factors.size() != vocabulary.size() * options_.factors)
    throw std::invalid_argument("item factors of another number");
  MatrixFactorization result;
  result.options_ = options_;
  result.curve_ = curve_;
  result.own_vocabulary_ = std::make_shared<std::vector<std::int32_t>>(std::move(vocabulary));
  result.own_factors_ = std::make_shared<std::vector<float>>(std::move(factors));
  result.vocabulary_ = *result.own_vocabulary_;
  result.item_factors_ = {result.own_factors_->data(), result.vocabulary_.size(), options_.factors};
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
  options.descent_steps = count_metadata(*tensors, "descent_steps");
  options.recency = number_metadata(*tensors, "recency");
  options.seed = count_metadata(*tensors, "seed");
  if (!in_range(options)) refuse(*tensors, "a constant in the metadata is out of range");
  result.vocabulary_ = vocabulary_tensor(*tensors, "vocabulary", item_count);
  if (tensors->shape("item_factors") != std::vector<std::size_t>{result.vocabulary_.size(), options.factors})
    refuse(*tensors, "item_factors has not one row of factors per item of the vocabulary");
  const StoredMatrix stored = StoredMatrix::open(tensors, "item_factors");
  if (stored.storage() == Storage::kFp32) {
    result.item_factors_ = {stored.floats().data(), stored.rows(), stored.cols()};
  } else {
    auto floats = std::make_shared<std::vector<float>>(stored.rows() * stored.cols());
    const kernels::Matrix factors(floats->data(), stored.rows(), stored.cols());
    stored.copy_rows(0, factors);
    result.item_factors_ = factors;
    result.own_factors_ = std::move(floats);
  }
  result.file_ = tensors;
  return result;
}

void MatrixFactorization::round_to(Storage storage) {
  if (storage == Storage::kFp32) return;
  auto floats = std::make_shared<std::vector<float>>(item_factors_.rows * item_factors_.cols);
  const kernels::Matrix factors(floats->data(), item_factors_.rows, item_factors_.cols);
  StoredMatrix::of(item_factors_, storage).copy_rows(0, factors);
  item_factors_ = factors;
  own_factors_ = std::move(floats);
}

void MatrixFactorization::save(const std::filesystem::path& file, Storage storage) const {
  SafetensorsWriter writer;
  writer.add("vocabulary", {vocabulary_.size()}, vocabulary_);
  StoredMatrix::of(item_factors_, storage).add_to(writer, "item_factors");
  writer.metadata("factors", std::to_string(options_.factors));
  writer.metadata("iterations", std::to_string(options_.iterations));
  writer.metadata("unobserved_weight", number_text(options_.unobserved_weight));
  writer.metadata("confidence", number_text(options_.confidence));
  writer.metadata("ridge", number_text(options_.ridge));
  writer.metadata("ridge_exponent", number_text(options_.ridge_exponent));
  writer.metadata("descent_steps", std::to_string(options_.descent_steps));
  writer.metadata("recency", number_text(options_.recency));
  writer.metadata("seed", std::to_string(options_.seed));
  writer.write(file);
}

}  // namespace segue::index
