#include "index/model/learning_curve.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "index/reindex/learning_curve_plot.h"

namespace segue::index {
namespace {

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

LearningCurve measured() {
  return {"transformer", {{1, 10, 7.5, 0.05, 1e-3, 2.5}, {2, 20, 6.25, 0.0625, 5e-4, 5}}};
}
LearningCurve refit() {
  return {"transformer (all events)", {{1, 11, 7.4, {}, 1e-3, 3}}};
}

TEST(LearningCurve, ComesBackFromItsJson) {
  for (const LearningCurve& curve : {measured(), refit(), LearningCurve{"rating", {}, "RMSE"}})
    EXPECT_EQ(learning_curve_from_json(nlohmann::json::parse(to_json(curve).dump())), curve);
  EXPECT_FALSE(to_json(refit())["points"][0].contains("validation"));
}

TEST(LearningCurvePlot, DrawsALineForEachCurveAndADotForEachPoint) {
  const std::string svg = learning_curves_svg(std::vector{measured(), refit()});
  // Both have a loss, one has a measure.
  EXPECT_EQ(count(svg, "<path"), 3u);
  EXPECT_EQ(count(svg, "<circle"), 5u);
  EXPECT_EQ(count(svg, ">transformer<"), 1u) << "two curves of one model share a row";
  EXPECT_EQ(count(svg, ">all events<"), 1u);
}

TEST(LearningCurvePlot, NamesWhatWasMeasured) {
  const std::string svg =
      learning_curves_svg(std::vector{measured(), LearningCurve{"rating (als)", {}, "RMSE"}});
  EXPECT_EQ(count(svg, ">validation, NDCG@10<"), 1u);
  EXPECT_EQ(count(svg, ">validation, RMSE<"), 1u);
}

TEST(LearningCurvePlot, PutsTheLeastLossLowestAndTheFirstEpochLeft) {
  const std::string svg = learning_curves_svg(std::vector{measured()});
  const auto attribute = [&](const char* name, std::size_t circle) {
    std::size_t at = 0;
    for (std::size_t i = 0; i <= circle; ++i) at = svg.find("<circle", at) + 1;
    const std::string key = std::string(name) + "=\"";
    return std::stod(svg.substr(svg.find(key, at) + key.size()));
  };
  EXPECT_LT(attribute("cx", 0), attribute("cx", 1));
  EXPECT_LT(attribute("cy", 0), attribute("cy", 1)) << "y grows downwards, and the loss fell";
  EXPECT_GT(attribute("cy", 2), attribute("cy", 3)) << "the measure rose";
}

TEST(LearningCurvePlot, EveryModelHasARowAndNamesAreEscaped) {
  const std::string one = learning_curves_svg(std::vector{measured()});
  const std::string two =
      learning_curves_svg(std::vector{measured(), LearningCurve{"a<b & c", {{1, 1, 2, {}, 0, 1}}}});
  EXPECT_NE(one.find("height=\"330\""), std::string::npos);
  EXPECT_NE(two.find("height=\"660\""), std::string::npos);
  EXPECT_NE(two.find(">a&lt;b &amp; c<"), std::string::npos);
  EXPECT_EQ(count(two, "nothing was measured"), 1u);
}

TEST(LearningCurvePlot, WithoutCurvesPointsOrSpreadItIsStillAPicture) {
  EXPECT_NE(learning_curves_svg({}).find("no model"), std::string::npos);
  EXPECT_EQ(count(learning_curves_svg(std::vector{LearningCurve{"mf", {}}}), "nothing was measured"), 2u);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const LearningCurve flat{"mf", {{1, 1, 3, nan, 0, 1}, {2, 2, 3, nan, 0, 2}}};
  const std::string svg = learning_curves_svg(std::vector{flat});
  EXPECT_EQ(count(svg, "<circle"), 2u);
  EXPECT_EQ(count(svg, "nan"), 0u);
  EXPECT_EQ(count(svg, "inf"), 0u);
}

}  // namespace
}  // namespace segue::index
