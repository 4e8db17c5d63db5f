#include "index/model/transformer_teacher.h"

#include <stdexcept>

namespace segue::index {

TransformerTeacher::TransformerTeacher(const TransformerWeights& weights, const DistillationOptions& options,
                                       const kernels::Backend& backend)
    : weights_(weights), options_(options), encoder_(weights, backend) {
  options.validate();
  if (weights.config().form != TransformerForm::kSegue)
    throw std::invalid_argument("a teacher of another form");
  const kernels::Matrix unit = unit_.reshape(weights.vocabulary().size(), weights.config().width);
  weights.copy_items(0, unit);
  backend.normalize_rows(unit, 1, unit, {});
}

}  // namespace segue::index
