#include "index/model/transformer_teacher.h"

namespace segue::index {

TransformerTeacher::TransformerTeacher(const TransformerWeights& weights, const DistillationOptions& options,
                                       const kernels::Backend& backend)
    : weights_(weights), options_(options), encoder_(weights, backend) {
  options.validate();
  const kernels::Matrix items = items_.reshape(weights.vocabulary().size(), weights.config().width);
  weights.copy_items(0, items);
  if (weights.config().form == TransformerForm::kSegue) backend.normalize_rows(items, 1, items, {});
}

}  // namespace segue::index
