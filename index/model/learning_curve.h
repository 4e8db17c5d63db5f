#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace segue::index {

/// Where a training stood after one of its epochs (or iterations).
struct LearningPoint {
  std::size_t epoch = 0;             ///< that are done, from 1
  std::size_t step = 0;              ///< that are done, of all epochs together
  double loss = 0;                   ///< mean over the epoch
  std::optional<double> validation;  ///< the curve's measure on what is held out
  double rate = 0;                   ///< learning rate at the epoch's end; 0 where there is none
  double seconds = 0;                ///< since the training began, the time of interrupted runs included
  friend bool operator==(const LearningPoint&, const LearningPoint&) = default;
};

/// How a model learned: what the manifest keeps and `--plot` draws. A value.
struct LearningCurve {
  std::string model;  ///< "transformer", "transformer (all events)"
  std::vector<LearningPoint> points;
  std::string measure = "NDCG@10";  ///< what `validation` is
  friend bool operator==(const LearningCurve&, const LearningCurve&) = default;
};

/// {"model": ..., "points": [{"epoch": 1, "step": 126, "loss": 7.5, "validation": 0.05, "rate": 0.003,
/// "seconds": 3.4}], "measure": "NDCG@10"}; "validation" is left out where nothing was measured.
nlohmann::json to_json(const LearningCurve& curve);
nlohmann::json to_json(const std::vector<LearningPoint>& points);

/// Reads it again. Throws nlohmann::json::exception for anything else.
LearningCurve learning_curve_from_json(const nlohmann::json& json);
std::vector<LearningPoint> learning_points_from_json(const nlohmann::json& json);

}  // namespace segue::index
