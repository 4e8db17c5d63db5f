#include <functional>
#include <stdexcept>

#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

class Shapes : public EveryBackend {};
SEGUE_ON_EVERY_BACKEND(Shapes);

struct Misuse {
  const char* kernel;  ///< what the message begins with
  const char* names;   ///< what it must name
  std::function<void(const Backend&)> call;
};

std::vector<float> floats(std::size_t n) {
  return std::vector<float>(n, 1.0f);
}

std::vector<Misuse> misuses() {
  static Table a(4, 6);
  static Table b(4, 5);
  static std::vector<float> four = floats(4);
  static std::vector<float> five = floats(5);
  static std::vector<float> six = floats(6);
  static const std::vector<std::uint32_t> ids = {0, 1, 2, 9};
  static const std::vector<std::uint32_t> offsets = {0, 4};
  static const std::vector<std::size_t> zero = {0};
  static const std::vector<std::size_t> all = {0, 4};
  static const std::vector<std::size_t> beyond = {0, 5};
  static const AlsRows none{zero, {}, {}, {}, 1};
  const AttentionShape two{2, 3, 0, 0};
  const auto attend = [](const Backend& on, const AttentionShape& shape,
                         const std::vector<std::uint32_t>& at) {
    on.attention(shape, at, a, a, a, a, Matrix());
  };
  return {
      {"matmul", "a is", [](auto& on) { on.matmul(a, Op::kNone, a, Op::kNone, 1, 0, Table(5, 6)); }},
      {"matmul", "b is", [](auto& on) { on.matmul(a, Op::kNone, a, Op::kNone, 1, 0, a); }},
      {"matmul", "stride",
       [](auto& on) {
         on.matmul(Matrix(a.view().data, 4, 6, 5), Op::kNone, Table(6, 6), Op::kNone, 1, 0, a);
       }},
      {"matvec", "v is 5", [](auto& on) { on.matvec(a, five, four); }},
      {"matvec", "y is 5", [](auto& on) { on.matvec(a, six, five); }},
      {"add_bias", "bias is 5", [](auto& on) { on.add_bias(a, five); }},
      {"add_bias_backward", "bias is 5", [](auto& on) { on.add_bias_backward(a, five); }},
      {"axpy", "y is 5", [](auto& on) { on.axpy(1, six, five); }},
      {"layer_norm", "gain is 5", [](auto& on) { on.layer_norm(a, five, six, a, {}, {}); }},
      {"layer_norm", "y is", [](auto& on) { on.layer_norm(a, six, six, b, {}, {}); }},
      {"layer_norm", "mean is 5", [](auto& on) { on.layer_norm(a, six, six, a, five, {}); }},
      {"layer_norm_backward", "dy is",
       [](auto& on) { on.layer_norm_backward(a, b, six, four, four, a, six, six); }},
      {"layer_norm_backward", "mean is 0",
       [](auto& on) { on.layer_norm_backward(a, a, six, {}, four, a, six, six); }},
      {"gelu", "y is 5", [](auto& on) { on.gelu(six, five); }},
      {"gelu_backward", "dx is 5", [](auto& on) { on.gelu_backward(six, six, five); }},
      {"normalize_rows", "norms is 5", [](auto& on) { on.normalize_rows(a, 1, a, five); }},
      {"normalize_rows_backward", "norms is 0", [](auto& on) { on.normalize_rows_backward(a, 1, {}, a, a); }},
      {"dropout", "[0, 1)", [](auto& on) { on.dropout(six, 1.0f, 0); }},
      {"dropout", "[0, 1)", [](auto& on) { on.dropout(six, std::nanf(""), 0); }},
      {"attention", "width of q",
       [=](auto& on) {
         attend(on, {2, 4, 0, 0}, offsets);
       }},
      {"attention", "positive",
       [=](auto& on) {
         attend(on, {0, 3, 0, 0}, offsets);
       }},
      {"attention", "[0, 1)",
       [=](auto& on) {
         attend(on, {2, 3, -0.1f, 0}, offsets);
       }},
      {"attention", "begin with 0", [=](auto& on) { attend(on, two, {}); }},
      {"attention", "begin with 0",
       [=](auto& on) {
         attend(on, two, {1, 4});
       }},
      {"attention", "fall at entry 2",
       [=](auto& on) {
         attend(on, two, {0, 3, 2, 4});
       }},
      {"attention", "last offset is 3",
       [=](auto& on) {
         attend(on, two, {0, 3});
       }},
      {"attention", "log_sum_exp is", [=](auto& on) { on.attention(two, offsets, a, a, a, a, b); }},
      {"attention_backward", "not kept",
       [=](auto& on) { on.attention_backward(two, offsets, a, a, a, a, ConstMatrix(), a, a, a, a); }},
      {"attention_backward", "dq is",
       [=](auto& on) {
         on.attention_backward(two, offsets, a, a, a, a, a.view().cols_at(0, 2), a, b, a, a);
       }},
      {"attention_step", "keys is", [=](auto& on) { on.attention_step(two, six, b, a, six); }},
      {"attention_step", "no key",
       [=](auto& on) { on.attention_step(two, six, Table(0, 6), Table(0, 6), six); }},
      {"sampled_softmax", "n is", [](auto& on) { on.sampled_softmax(four, a, ids, ids, four, 1); }},
      {"sampled_softmax", "log_expected is 5",
       [](auto& on) { on.sampled_softmax(four, a.view().cols_at(0, 4), ids, ids, five, 1); }},
      {"adam", "gradient is 5", [](auto& on) { on.adam({}, five, six, six, six); }},
      {"adam", "from 1", [](auto& on) { on.adam({.step = 0}, six, six, six, six); }},
      {"adam_rows", "row 9 of 4", [](auto& on) { on.adam_rows({}, ids, a, a, a, a); }},
      {"als_solve", "gram is", [](auto& on) { on.als_solve(a, a, {}, {}, 1, six); }},
      {"als_solve", "row 9 of 4", [](auto& on) { on.als_solve(Table(6, 6), a, ids, four, 1, six); }},
      {"als_descend", "diagonal is 5", [](auto& on) { on.als_descend(none, five, a, 1, Table(0, 6)); }},
      {"als_descend", "factors is", [](auto& on) { on.als_descend(none, five, a, 1, Table(0, 5)); }},
      {"als_descend", "offsets is 1", [](auto& on) { on.als_descend(none, six, a, 1, Table(1, 6)); }},
      {"als_descend", "ridge is 4",
       [](auto& on) {
         on.als_descend({zero, ids, four, four, 1}, six, a, 1, Table(0, 6));
       }},
      {"als_descend", "confidence is 5",
       [](auto& on) {
         on.als_descend({zero, ids, five, {}, 1}, six, a, 1, Table(0, 6));
       }},
      {"als_descend", "behind the items",
       [](auto& on) {
         on.als_descend({beyond, ids, four, std::span(four).first(1), 1}, six, a, 1, Table(1, 6));
       }},
      {"als_descend", "row 9 of 4",
       [](auto& on) {
         on.als_descend({all, ids, four, std::span(four).first(1), 1}, six, a, 1, Table(1, 6));
       }},
      {"als_solve", "confidence is 5", [](auto& on) { on.als_solve(Table(6, 6), a, ids, five, 1, six); }},
      {"top_k", "words in allowed is 2",
       [](auto& on) {
         on.top_k(six, 1, std::vector<std::uint64_t>{1, 1});
       }},
  };
}

TEST_P(Shapes, ThatDoNotFitAreRefusedByName) {
  for (const Misuse& misuse : misuses()) {
    try {
      misuse.call(backend());
      ADD_FAILURE() << misuse.kernel << " took it: " << misuse.names;
    } catch (const std::invalid_argument& refusal) {
      const std::string text = refusal.what();
      EXPECT_EQ(text.substr(0, text.find(':')), misuse.kernel);
      EXPECT_NE(text.find(misuse.names), std::string::npos) << text;
    }
  }
}

}  // namespace
}  // namespace segue::kernels
