#pragma once

#include <cstdint>
#include <span>

#include "index/model/distilled_softmax.h"
#include "index/model/matrix_buffer.h"
#include "index/model/session_encoder.h"
#include "index/model/transformer_weights.h"
#include "kernels/backend.h"

namespace segue::index {

/// A trained Transformer whose rankings a narrower one learns, at each position of its own training: frozen,
/// without dropout. Immutable, thread-safe; weights and backend outlive it.
class TransformerTeacher {
 public:
  /// Keeps a copy of the item table. Throws Error (kUsage) for options.
  TransformerTeacher(const TransformerWeights& weights, const DistillationOptions& options,
                     const kernels::Backend& backend);

  const TransformerWeights& weights() const noexcept { return weights_; }
  const DistillationOptions& options() const noexcept { return options_; }
  std::size_t width() const noexcept { return encoder_.width(); }
  float inverse_temperature() const { return 1 / weights_.config().temperature; }
  /// [v, d]: the rows whose inner products with what the encoder gives are the scores; of unit length but for
  /// TransformerForm::kSasrec.
  kernels::ConstMatrix compared_items() const { return items_.view(); }
  const SessionEncoder& encoder() const noexcept { return encoder_; }

 private:
  const TransformerWeights& weights_;
  DistillationOptions options_;
  SessionEncoder encoder_;
  MatrixBuffer items_;
};

}  // namespace segue::index
