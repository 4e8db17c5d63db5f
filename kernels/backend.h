#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/device.h"
#include "kernels/tensor_view.h"

namespace segue::kernels {

/// Whether a matrix takes part in a product as it stands or transposed.
enum class Op { kNone, kTranspose };

/// Sequences packed one after another without padding: sequence s holds rows [offsets[s], offsets[s + 1]) of
/// every [tokens, ...] matrix. offsets has one entry more than there are sequences and begins with 0.
using Offsets = std::span<const std::uint32_t>;

/// Everything that attention needs to know beside its matrices.
struct AttentionShape {
  /// The width of q, k and v is heads * head_size; head h owns columns [h, h + 1) * head_size.
  std::size_t heads = 1;
  /// Scores are q k^T / sqrt(head_size).
  std::size_t head_size = 0;
  /// The probability of dropping an attention weight; 0 outside training.
  float dropout = 0;
  /// Dropout's mask is a function of (seed, sequence, head, query, key) alone, so that the backward kernel
  /// computes it again.
  std::uint64_t seed = 0;
};

/// One step of AdamW (Loshchilov and Hutter, arXiv:1711.05101).
struct AdamStep {
  float rate = 1e-3f;
  float beta1 = 0.9f;
  float beta2 = 0.98f;
  float epsilon = 1e-8f;
  float decay = 0;         ///< decoupled weight decay
  std::uint64_t step = 1;  ///< counted from 1; corrects the bias of both moments
};

/// The pairs of rows that als_descend solves, one after another in compressed form: row r has pairs
/// [offsets[r], offsets[r + 1]) of items and confidence. offsets need not begin with 0.
struct AlsRows {
  std::span<const std::size_t> offsets;  ///< [rows + 1]
  std::span<const std::uint32_t> items;  ///< rows of the factors
  std::span<const float> confidence;     ///< one for each of items
  std::span<const float> ridge;          ///< [rows]
  float scale = 1;                       ///< the confidence that counts is scale * confidence
};

/// An entry of a ranking. Rankings are ordered by falling score; equal scores by rising index.
struct Scored {
  std::uint32_t index = 0;
  float score = 0;
  friend bool operator==(const Scored&, const Scored&) = default;
};

/// The contract of every kernel. Callers hold a Backend& and never ask which.
///
/// Matrices are row-major fp32. Inputs and outputs must not overlap unless a kernel says so. Kernels that add
/// to a gradient say "adds to". A shape that does not fit throws std::invalid_argument; a device that fails
/// throws segue::Error. Thread-safe: a call uses the calling thread only, parallel work is the caller's
/// (thread_pool.h). A call's result depends on its arguments alone, bit for bit.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const noexcept = 0;  ///< "cpu", "cuda"
  virtual Device device() const noexcept = 0;
  virtual std::string description()
      const = 0;  ///< for people: instruction set or card, libraries and versions

  // --- products
  // ----------------------------------------------------------------------------------------------
  /// c [m, n] = alpha op(a) op(b) + beta c, with op(a) [m, k] and op(b) [k, n].
  virtual void matmul(ConstMatrix a, Op op_a, ConstMatrix b, Op op_b, float alpha, float beta,
                      Matrix c) const = 0;
  /// y [rows] = x [rows, cols] v [cols].
  virtual void matvec(ConstMatrix x, std::span<const float> v, std::span<float> y) const = 0;

  // --- rows and elements
  // -------------------------------------------------------------------------------------
  /// Adds bias [cols] to each row of x, in place.
  virtual void add_bias(Matrix x, std::span<const float> bias) const = 0;
  /// Adds to dbias [cols] the column sums of dy.
  virtual void add_bias_backward(ConstMatrix dy, std::span<float> dbias) const = 0;
  /// y += alpha x, element by element.
  virtual void axpy(float alpha, std::span<const float> x, std::span<float> y) const = 0;

  /// y = gain * (x - mean) / sqrt(variance + 1e-5) + bias for each row (Ba et al., arXiv:1607.06450). Keeps
  /// mean and 1 / sqrt(variance + 1e-5), [rows] each, for the backward kernel; empty spans: not kept. y may
  /// be x.
  virtual void layer_norm(ConstMatrix x, std::span<const float> gain, std::span<const float> bias, Matrix y,
                          std::span<float> mean, std::span<float> inverse_deviation) const = 0;
  /// dx is written; adds to dgain and dbias [cols].
  virtual void layer_norm_backward(ConstMatrix x, ConstMatrix dy, std::span<const float> gain,
                                   std::span<const float> mean, std::span<const float> inverse_deviation,
                                   Matrix dx, std::span<float> dgain, std::span<float> dbias) const = 0;

  /// y = x / 2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), the tanh form of GELU (arXiv:1606.08415). y may be
  /// x.
  virtual void gelu(std::span<const float> x, std::span<float> y) const = 0;
  /// dx = dy * gelu'(x). dx may be dy.
  virtual void gelu_backward(std::span<const float> x, std::span<const float> dy,
                             std::span<float> dx) const = 0;

  /// y = scale x / |x| for each row, and norms [rows] = |x| (empty: not kept). A row of zeros stays zeros. y
  /// may be x.
  virtual void normalize_rows(ConstMatrix x, float scale, Matrix y, std::span<float> norms) const = 0;
  /// y and norms as normalize_rows gave them; dx is written.
  virtual void normalize_rows_backward(ConstMatrix y, float scale, std::span<const float> norms,
                                       ConstMatrix dy, Matrix dx) const = 0;

  /// Inverted dropout in place: element i becomes 0 with probability p, else x / (1 - p). The mask is a
  /// function of (seed, i) alone; the same call applied to a gradient is the backward kernel.
  virtual void dropout(std::span<float> x, float p, std::uint64_t seed) const = 0;

  // --- attention
  // ---------------------------------------------------------------------------------------------
  /// Causal attention over packed sequences: out = softmax(q k^T / sqrt(head_size)) v per head, query t
  /// seeing the keys 0..t of its own sequence. q, k, v, out are [tokens, heads * head_size]; they may be
  /// column blocks of one wider matrix. log_sum_exp [tokens, heads] is kept for the backward kernel; an empty
  /// view: not kept.
  virtual void attention(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k,
                         ConstMatrix v, Matrix out, Matrix log_sum_exp) const = 0;
  /// out and log_sum_exp as attention gave them; dq, dk, dv are written.
  virtual void attention_backward(const AttentionShape& shape, Offsets offsets, ConstMatrix q, ConstMatrix k,
                                  ConstMatrix v, ConstMatrix out, ConstMatrix log_sum_exp, ConstMatrix dout,
                                  Matrix dq, Matrix dk, Matrix dv) const = 0;
  /// One query against cached keys and values [past, heads * head_size], the newest event's included: out
  /// [heads * head_size]. The incremental twin of attention.
  virtual void attention_step(const AttentionShape& shape, std::span<const float> q, ConstMatrix keys,
                              ConstMatrix values, std::span<float> out) const = 0;

  // --- losses
  // ------------------------------------------------------------------------------------------------
  /// Sampled softmax with the correction of Bengio and Senecal for the positive's competitors: for each row
  /// r,
  ///   loss_r = -log(exp(p_r) / (exp(p_r) + sum_k [negative_ids[k] != target_ids[r]] exp(n_rk -
  ///   log_expected[k])))
  /// with p [rows] the target's logit, n [rows, negatives] the logits of the negatives, log_expected
  /// [negatives] = log(K q_k). Returns the sum of the losses; overwrites p with d loss / d p and n with d
  /// loss / d n, both times gradient_scale.
  virtual double sampled_softmax(std::span<float> p, Matrix n, std::span<const std::uint32_t> target_ids,
                                 std::span<const std::uint32_t> negative_ids,
                                 std::span<const float> log_expected, float gradient_scale) const = 0;

  // --- optimiser
  // ---------------------------------------------------------------------------------------------
  /// AdamW over a dense parameter; weight, first and second moment are updated in place.
  virtual void adam(const AdamStep& step, std::span<const float> gradient, std::span<float> weight,
                    std::span<float> first_moment, std::span<float> second_moment) const = 0;
  /// AdamW over the named rows of a table [n, d]; gradient [rows.size(), d] holds one row per name, names
  /// differ. Rows that are not named keep weight and moments ("lazy" Adam).
  virtual void adam_rows(const AdamStep& step, std::span<const std::uint32_t> rows, ConstMatrix gradient,
                         Matrix weight, Matrix first_moment, Matrix second_moment) const = 0;

  // --- alternating least squares
  // -----------------------------------------------------------------------------
  /// Solves (gram + sum_i confidence_i f_i f_i^T + ridge I) x = sum_i (1 + confidence_i) f_i for one user or
  /// item (Hu, Koren, Volinsky 2008; confidence_i = c_i - 1): f_i = factors row items[i], factors [n, d],
  /// gram [d, d] the weighted Gram matrix of all rows, x [d]. Throws segue::Error when the system is not
  /// positive definite.
  virtual void als_solve(ConstMatrix gram, ConstMatrix factors, std::span<const std::uint32_t> items,
                         std::span<const float> confidence, float ridge, std::span<float> x) const = 0;
  /// The same systems for many rows at once, by conjugate gradients from the x that is there, where the Gram
  /// matrix is diagonal (rotate both sides by its eigenvectors first): for each row r of x [rows, d],
  ///   (diag(diagonal) + ridge_r I + sum_i c_i f_i f_i^T) x_r = sum_i (1 + c_i) f_i
  /// over the row's pairs. `steps` steps, preconditioned by diag(diagonal) + ridge_r I, of which a row of n
  /// pairs needs at most n + 1. A row without pairs becomes 0. Throws segue::Error where a system is not
  /// positive definite.
  virtual void als_descend(const AlsRows& rows, std::span<const float> diagonal, ConstMatrix factors,
                           std::size_t steps, Matrix x) const = 0;

  // --- search
  // ------------------------------------------------------------------------------------------------
  /// The k best of scores by (falling score, rising index), at most k. allowed: a bitmap of scores.size()
  /// bits, bit i of word i / 64; empty: all. NaN scores never appear.
  virtual std::vector<Scored> top_k(std::span<const float> scores, std::size_t k,
                                    std::span<const std::uint64_t> allowed) const = 0;
};

/// The backend for a device. kAuto never fails: a device that is absent or does not work gives the CPU. kCuda
/// throws segue::Error (kResource) that says why it cannot be had.
std::unique_ptr<Backend> make_backend(Device device);

/// One of each backend that works on this machine, the CPU first: what the tests walk.
std::vector<std::unique_ptr<Backend>> available_backends();

}  // namespace segue::kernels
