#include "index/model/blend_weights.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <stdexcept>

namespace segue::index {
namespace {

using Json = nlohmann::json;

/// Below this a sum of weights and offsets is nothing but their rounding.
constexpr double kNothing = 1e-5;
static_assert(BlendWeights::kNewItemsOnly < kNothing);

void check_offsets(const CountClasses& classes, std::span<const double> offsets, std::size_t models,
                   const char* what) {
  const bool rising = std::is_sorted(classes.starts.begin(), classes.starts.end(), std::less_equal<>());
  if (!rising) throw std::invalid_argument(std::string("classes by ") + what + " do not rise");
  if (offsets.size() != models * classes.size()) {
    throw std::invalid_argument(std::string("weights by ") + what + ": not one per model and class");
  }
  if (!std::all_of(offsets.begin(), offsets.end(), [](double x) { return std::isfinite(x); })) {
    throw std::invalid_argument(std::string("weights by ") + what + " are not finite");
  }
}

Json section(const BlendWeights& weights, const CountClasses& classes, std::span<const double> offsets) {
  Json object = {{"from", classes.starts}};
  for (std::size_t m = 0; m < weights.models.size(); ++m) {
    const auto row = offsets.subspan(m * classes.size(), classes.size());
    object[weights.models[m]] = std::vector<double>(row.begin(), row.end());
  }
  return object;
}

void take_section(const Json& object, const BlendWeights& weights, CountClasses& classes,
                  std::vector<double>& offsets) {
  classes.starts = object.at("from").get<std::vector<double>>();
  for (const std::string& model : weights.models) {
    const auto row = object.at(model).get<std::vector<double>>();
    if (row.size() != classes.size()) throw std::invalid_argument("`" + model + "` has not one per class");
    offsets.insert(offsets.end(), row.begin(), row.end());
  }
}

}  // namespace

double BlendWeights::at(std::size_t model, std::size_t length, std::size_t count) const {
  double weight = weights[model];
  if (lengths.size() > 0) weight += by_length[model * lengths.size() + length];
  if (counts.size() > 0) weight += by_count[model * counts.size() + count];
  return weight > kNothing ? weight : 0;
}

void BlendWeights::validate() const {
  if (models.size() != weights.size()) throw std::invalid_argument("a blend needs one weight per model");
  for (std::size_t m = 0; m < models.size(); ++m) {
    if (!(weights[m] > 0) || !std::isfinite(weights[m])) {
      throw std::invalid_argument("the weight of " + models[m] + " is not above 0");
    }
  }
  check_offsets(lengths, by_length, models.size(), "length");
  check_offsets(counts, by_count, models.size(), "events");
}

Json blend_offsets(const BlendWeights& weights) {
  Json object = Json::object();
  if (weights.lengths.size() > 0) object["length"] = section(weights, weights.lengths, weights.by_length);
  if (weights.counts.size() > 0) object["events"] = section(weights, weights.counts, weights.by_count);
  return object;
}

BlendWeights blend_weights(const std::map<std::string, double>& weights, const Json& offsets) {
  BlendWeights blend;
  for (const auto& [name, weight] : weights) {
    blend.models.push_back(name);
    blend.weights.push_back(weight);
  }
  try {
    if (offsets.contains("length")) take_section(offsets["length"], blend, blend.lengths, blend.by_length);
    if (offsets.contains("events")) take_section(offsets["events"], blend, blend.counts, blend.by_count);
  } catch (const Json::exception& error) {
    throw std::invalid_argument(error.what());
  }
  blend.validate();
  return blend;
}

}  // namespace segue::index
