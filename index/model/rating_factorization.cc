#include "index/model/rating_factorization.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "index/model/metadata.h"
#include "index/safetensors.h"

namespace segue::index {
namespace {

std::vector<float> scaled(std::span<const float> values, double by) {
  std::vector<float> result;
  result.reserve(values.size());
  for (const float value : values) result.push_back(static_cast<float>(by * static_cast<double>(value)));
  return result;
}

bool all_finite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

std::span<const float> flat(kernels::ConstMatrix matrix) {
  return {matrix.data, matrix.rows * matrix.cols};
}

}  // namespace

struct RatingFactorization::Memory {
  std::vector<std::int32_t> vocabulary;
  std::vector<float> item_factors;
  std::vector<float> item_bias;
  std::vector<float> implicit_factors;
  std::vector<std::uint8_t> user_bytes;
  std::vector<std::int64_t> user_offsets;
  std::vector<float> user_factors;
  std::vector<float> user_bias;
};

RatingFactorization RatingFactorization::of(const RatingFactors& factors, const RatingData& data,
                                            const RatingOptions& options, RatingScale scale) {
  if (data.ratings == 0) throw std::invalid_argument("there is no rating to learn from");
  const std::size_t f = factors.factors;
  // Both sides of a product carry the root of the unit.
  const double root = std::sqrt(factors.deviation);
  auto memory = std::make_shared<Memory>();
  memory->vocabulary.assign(data.items.begin(), data.items.end());
  memory->item_factors = scaled(factors.item, root);
  memory->item_bias = scaled(factors.item_bias, factors.deviation);
  memory->implicit_factors = scaled(factors.implicit, root);
  memory->user_bias = scaled(factors.user_bias, factors.deviation);
  std::vector<float> users(data.users.size() * f);
  for (std::size_t u = 0; u < data.users.size(); ++u)
    factors.user_vector(data, u, std::span(users).subspan(u * f, f));
  memory->user_factors = scaled(users, root);
  std::tie(memory->user_bytes, memory->user_offsets) = StringTensors::pack(data.users);

  RatingFactorization result;
  result.method_ = options.method.value_or(RatingMethod::kSvdpp);
  result.mean_ = factors.mean;
  result.deviation_ = factors.deviation;
  result.ridge_ = options.ridge;
  result.bias_ridge_ = options.bias_ridge;
  result.epochs_ = options.epochs;
  result.scale_ = scale;
  result.vocabulary_ = memory->vocabulary;
  result.item_factors_ = {memory->item_factors.data(), data.items.size(), f};
  result.item_bias_ = memory->item_bias;
  result.implicit_factors_ = {memory->implicit_factors.data(), memory->implicit_factors.size() / f, f};
  result.users_ = StringTensors(memory->user_bytes, memory->user_offsets);
  result.user_factors_ = {memory->user_factors.data(), data.users.size(), f};
  result.user_bias_ = memory->user_bias;
  result.memory_ = std::move(memory);
  return result;
}

RatingFactorization RatingFactorization::open(const std::filesystem::path& file, std::size_t item_count) {
  const auto tensors = Safetensors::open(file);
  RatingFactorization result;
  const auto method = parse_rating_method(tensors->metadata("method"));
  if (!method) refuse(*tensors, "the metadata method is \"" + tensors->metadata("method") + "\"");
  result.method_ = *method;
  result.mean_ = number_metadata(*tensors, "mean");
  result.deviation_ = number_metadata(*tensors, "deviation");
  result.ridge_ = number_metadata(*tensors, "ridge");
  result.bias_ridge_ = number_metadata(*tensors, "bias_ridge");
  result.epochs_ = count_metadata(*tensors, "epochs");
  result.scale_ = {static_cast<float>(number_metadata(*tensors, "least")),
                   static_cast<float>(number_metadata(*tensors, "most"))};
  if (result.deviation_ <= 0 || result.ridge_ <= 0 || result.scale_.least > result.scale_.most)
    refuse(*tensors, "a constant in the metadata is out of range");
  result.vocabulary_ = vocabulary_tensor(*tensors, "vocabulary", item_count);
  const std::size_t items = result.vocabulary_.size();
  result.item_factors_ = tensors->matrix("item_factors");
  const std::size_t f = result.item_factors_.cols;
  result.item_bias_ = tensors->vector("item_bias", items);
  result.implicit_factors_ = tensors->matrix("implicit_factors", f);
  result.users_ = StringTensors(*tensors, "user");
  result.user_factors_ = tensors->matrix("user_factors", f);
  result.user_bias_ = tensors->vector("user_bias", result.users_.size());
  const std::size_t implicit = result.implicit_factors_.rows;
  if (f == 0 || result.item_factors_.rows != items ||
      implicit != (*method == RatingMethod::kSvdpp ? items : 0))
    refuse(*tensors, "the factors have not one row per item of the vocabulary");
  if (result.user_factors_.rows != result.users_.size() || !result.users_.are_rising())
    refuse(*tensors, "the users are not a rising list with one row of user_factors each");
  result.file_ = tensors;
  return result;
}

void RatingFactorization::save(const std::filesystem::path& file) const {
  SafetensorsWriter writer;
  writer.add("vocabulary", {vocabulary_.size()}, vocabulary_);
  writer.add("item_factors", {item_factors_.rows, item_factors_.cols}, flat(item_factors_));
  writer.add("item_bias", {item_bias_.size()}, item_bias_);
  writer.add("implicit_factors", {implicit_factors_.rows, implicit_factors_.cols}, flat(implicit_factors_));
  users_.add_to(writer, "user");
  writer.add("user_factors", {user_factors_.rows, user_factors_.cols}, flat(user_factors_));
  writer.add("user_bias", {user_bias_.size()}, user_bias_);
  writer.metadata("method", to_string(method_));
  writer.metadata("mean", number_text(mean_));
  writer.metadata("deviation", number_text(deviation_));
  writer.metadata("least", number_text(static_cast<double>(scale_.least)));
  writer.metadata("most", number_text(static_cast<double>(scale_.most)));
  writer.metadata("ridge", number_text(ridge_));
  writer.metadata("bias_ridge", number_text(bias_ridge_));
  writer.metadata("epochs", std::to_string(epochs_));
  writer.write(file);
}

double RatingFactorization::predict(std::optional<std::size_t> user, ItemId item) const {
  double rating = mean_;
  if (user) rating += static_cast<double>(user_bias_[*user]);
  const auto found = std::lower_bound(vocabulary_.begin(), vocabulary_.end(), item,
                                      [](std::int32_t a, ItemId b) { return static_cast<ItemId>(a) < b; });
  if (found != vocabulary_.end() && static_cast<ItemId>(*found) == item) {
    const auto row = static_cast<std::size_t>(found - vocabulary_.begin());
    rating += static_cast<double>(item_bias_[row]);
    if (user) {
      for (std::size_t k = 0; k < factors(); ++k) {
        rating += static_cast<double>(item_factors_(row, k)) * static_cast<double>(user_factors_(*user, k));
      }
    }
  }
  return std::clamp(rating, static_cast<double>(scale_.least), static_cast<double>(scale_.most));
}

bool RatingFactorization::is_finite() const {
  return all_finite(flat(item_factors_)) && all_finite(item_bias_) && all_finite(flat(implicit_factors_)) &&
         all_finite(flat(user_factors_)) && all_finite(user_bias_);
}

}  // namespace segue::index
