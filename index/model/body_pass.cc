#include "index/model/body_pass.h"

#include "index/model/sasrec_pass.h"
#include "index/model/transformer_pass.h"

namespace segue::index {

std::unique_ptr<BodyPass> make_body_pass(const TransformerConfig& config, const kernels::Backend& backend) {
  if (config.form == TransformerForm::kSasrec) return std::make_unique<SasrecPass>(config, backend);
  return std::make_unique<TransformerPass>(config, backend);
}

}  // namespace segue::index
