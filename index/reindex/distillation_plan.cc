#include "index/reindex/distillation_plan.h"

#include <nlohmann/json.hpp>
#include <string>

#include "kernels/error.h"

namespace segue::index {
namespace {

nlohmann::json shape_json(const TransformerOptions& options, std::size_t epochs) {
  return {{"width", options.width},
          {"layers", options.layers},
          {"heads", options.heads},
          {"feed_forward", options.feed_forward},
          {"epochs", epochs}};
}

}  // namespace

DistillationPlan distillation_plan(const Config::Distill& config, const TransformerOptions& wide) {
  DistillationPlan plan{wide, {config.share, config.temperature}};
  plan.narrow.width = config.width;
  plan.narrow.layers = config.layers;
  plan.narrow.heads = config.heads;
  plan.narrow.feed_forward = config.feed_forward;
  plan.narrow.epochs = config.epochs;
  plan.narrow.dropout = static_cast<float>(config.dropout);
  plan.narrow.rate = static_cast<float>(config.rate);
  plan.options.validate();
  if (config.heads == 0 || config.width % config.heads != 0) {
    throw Error(ErrorKind::kUsage,
                "is " + std::to_string(config.heads) + ", which does not divide the width " +
                    std::to_string(config.width),
                "distill.heads", "change one of them");
  }
  return plan;
}

void require_narrower(const DistillationPlan& plan, const TransformerOptions& wide) {
  if (plan.narrow.width < wide.width) return;
  throw Error(ErrorKind::kUsage,
              "is " + std::to_string(plan.narrow.width) +
                  ", and the Transformer that is to be distilled has " + std::to_string(wide.width),
              "distill.width", "take a smaller one, or raise transformer.width");
}

nlohmann::json to_json(const DistillationPlan& plan, const TransformerOptions& wide,
                       const TransformerEpochs& epochs) {
  nlohmann::json json = shape_json(plan.narrow, epochs.served);
  json["teacher"] = shape_json(wide, epochs.teacher);
  json["share"] = plan.options.share;
  json["temperature"] = plan.options.temperature;
  return json;
}

}  // namespace segue::index
