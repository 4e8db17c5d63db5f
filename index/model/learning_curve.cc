#include "index/model/learning_curve.h"

#include <nlohmann/json.hpp>

namespace segue::index {

nlohmann::json to_json(const std::vector<LearningPoint>& points) {
  nlohmann::json list = nlohmann::json::array();
  for (const LearningPoint& point : points) {
    nlohmann::json entry = {{"epoch", point.epoch},
                            {"step", point.step},
                            {"loss", point.loss},
                            {"rate", point.rate},
                            {"seconds", point.seconds}};
    if (point.validation) entry["validation"] = *point.validation;
    list.push_back(std::move(entry));
  }
  return list;
}

nlohmann::json to_json(const LearningCurve& curve) {
  return {{"model", curve.model}, {"points", to_json(curve.points)}, {"measure", curve.measure}};
}

std::vector<LearningPoint> learning_points_from_json(const nlohmann::json& json) {
  std::vector<LearningPoint> points;
  for (const nlohmann::json& entry : json) {
    LearningPoint point{.epoch = entry.at("epoch").get<std::size_t>(),
                        .step = entry.at("step").get<std::size_t>(),
                        .loss = entry.at("loss").get<double>(),
                        .validation = {},
                        .rate = entry.at("rate").get<double>(),
                        .seconds = entry.at("seconds").get<double>()};
    if (entry.contains("validation")) point.validation = entry.at("validation").get<double>();
    points.push_back(point);
  }
  return points;
}

LearningCurve learning_curve_from_json(const nlohmann::json& json) {
  return {json.at("model").get<std::string>(), learning_points_from_json(json.at("points")),
          json.value("measure", LearningCurve{}.measure)};
}

}  // namespace segue::index
