#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>

#include "index/config.h"
#include "index/model/distilled_softmax.h"
#include "index/model/transformer_options.h"

namespace segue::index {

/// A narrow Transformer that is trained with a wide one as its teacher, and served in its place.
struct DistillationPlan {
  TransformerOptions narrow;
  DistillationOptions options;
};

/// What [distill] asks for beside the wide Transformer's options, from which window, negatives and whatever
/// else [distill] does not name are taken. Throws Error (kUsage) that names the key that does not fit.
DistillationPlan distillation_plan(const Config::Distill& config, const TransformerOptions& wide);

/// Throws Error (kUsage) unless the narrow one is narrower than the wide one.
void require_narrower(const DistillationPlan& plan, const TransformerOptions& wide);

/// After how many epochs the weights of each of two trainings were kept; 0: it was not run.
struct TransformerEpochs {
  std::size_t served = 0;
  std::size_t teacher = 0;
};

/// What a manifest keeps: {"width": 32, ..., "epochs": 20, "teacher": {"width": 128, ...}, "share": ...,
/// "temperature": ...}.
nlohmann::json to_json(const DistillationPlan& plan, const TransformerOptions& wide,
                       const TransformerEpochs& epochs);

}  // namespace segue::index
