// Times each kernel at the shapes of its hot user. Not a test: build the target kernel_benchmark and run it
// by hand, with
// --benchmark_filter=NAME for one kernel. FLOP/s counts multiplications and additions of the formula; "item"
// is the element, row or token that the name of the kernel suggests.

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "tests/kernels/every_backend.h"

namespace segue::kernels {
namespace {

const Backend& cpu() {
  static const std::unique_ptr<Backend> backend = make_backend(Device::kCpu);
  return *backend;
}

std::size_t arg(const benchmark::State& state, int i) {
  return static_cast<std::size_t>(state.range(i));
}

void count(benchmark::State& state, double flops, std::size_t items) {
  state.counters["FLOP/s"] = benchmark::Counter(flops, benchmark::Counter::kIsIterationInvariantRate);
  state.SetItemsProcessed(static_cast<std::int64_t>(items) * static_cast<std::int64_t>(state.iterations()));
}

/// A matrix without gaps, as the trainer has them.
struct Plain {
  Plain(std::size_t rows, std::size_t cols, std::uint64_t seed = 1)
      : values(Random(seed).values(rows * cols)), view(values.data(), rows, cols) {}
  std::vector<float> values;
  Matrix view;
};

void matmul(benchmark::State& state) {
  const std::size_t m = arg(state, 0);
  const std::size_t n = arg(state, 1);
  const std::size_t k = arg(state, 2);
  const Plain a(m, k);
  const Plain b(n, k);
  const Plain c(m, n);
  for (auto _ : state) cpu().matmul(a.view, Op::kNone, b.view, Op::kTranspose, 1, 0, c.view);
  count(state, 2.0 * static_cast<double>(m * n * k), m);
}
BENCHMARK(matmul)->Args({2000, 64, 64})->Args({2000, 256, 64})->Args({2000, 1024, 64})->Args({1, 64, 64});

void matvec(benchmark::State& state) {
  const Plain x(arg(state, 0), 64);
  const Plain v(1, 64);
  std::vector<float> y(x.view.rows);
  for (auto _ : state) cpu().matvec(x.view, v.values, y);
  count(state, 2.0 * 64 * static_cast<double>(x.view.rows), x.view.rows);
}
BENCHMARK(matvec)->Arg(4000)->Arg(100'000);

void layer_norm(benchmark::State& state) {
  const Plain x(2000, arg(state, 0));
  const Plain y(2000, x.view.cols);
  const Plain gain(1, x.view.cols);
  std::vector<float> mean(2000);
  std::vector<float> inverse(2000);
  for (auto _ : state) cpu().layer_norm(x.view, gain.values, gain.values, y.view, mean, inverse);
  count(state, 8.0 * static_cast<double>(x.values.size()), 2000);
}
BENCHMARK(layer_norm)->Arg(64)->Arg(128);

void layer_norm_backward(benchmark::State& state) {
  const Plain x(2000, arg(state, 0));
  const Plain dy(2000, x.view.cols, 2);
  const Plain dx(2000, x.view.cols);
  const Plain gain(1, x.view.cols);
  Plain dgain(1, x.view.cols);
  Plain dbias(1, x.view.cols);
  const std::vector<float> mean(2000, 0.0f);
  const std::vector<float> inverse(2000, 1.0f);
  for (auto _ : state) {
    cpu().layer_norm_backward(x.view, dy.view, gain.values, mean, inverse, dx.view, dgain.values,
                              dbias.values);
  }
  count(state, 14.0 * static_cast<double>(x.values.size()), 2000);
}
BENCHMARK(layer_norm_backward)->Arg(64)->Arg(128);

void add_bias(benchmark::State& state) {
  const Plain x(2000, 64);
  const std::vector<float> bias(64, 1e-9f);
  for (auto _ : state) cpu().add_bias(x.view, bias);
  count(state, static_cast<double>(x.values.size()), 2000);
}
BENCHMARK(add_bias);

void add_bias_backward(benchmark::State& state) {
  const Plain x(2000, 64);
  std::vector<float> dbias(64);
  for (auto _ : state) cpu().add_bias_backward(x.view, dbias);
  count(state, static_cast<double>(x.values.size()), 2000);
}
BENCHMARK(add_bias_backward);

void gelu(benchmark::State& state) {
  const Plain x(2000, 256);
  Plain y(2000, 256);
  for (auto _ : state) cpu().gelu(x.values, y.values);
  count(state, 12.0 * static_cast<double>(x.values.size()), x.values.size());
}
BENCHMARK(gelu);

void gelu_backward(benchmark::State& state) {
  const Plain x(2000, 256);
  const Plain dy(2000, 256, 2);
  Plain dx(2000, 256);
  for (auto _ : state) cpu().gelu_backward(x.values, dy.values, dx.values);
  count(state, 18.0 * static_cast<double>(x.values.size()), x.values.size());
}
BENCHMARK(gelu_backward);

void normalize_rows(benchmark::State& state) {
  const Plain x(2000, 64);
  const Plain y(2000, 64);
  std::vector<float> norms(2000);
  for (auto _ : state) cpu().normalize_rows(x.view, 1, y.view, norms);
  count(state, 3.0 * static_cast<double>(x.values.size()), 2000);
}
BENCHMARK(normalize_rows);

void dropout(benchmark::State& state) {
  std::vector<float> x(2000 * 64, 1.0f);
  for (auto _ : state) cpu().dropout(x, 0.2f, 5);
  count(state, static_cast<double>(x.size()), x.size());
}
BENCHMARK(dropout);

/// Sequences of one length, 2 heads.
struct Sequences {
  Sequences(std::size_t length, std::size_t head_size, float dropout)
      : shape{2, head_size, dropout, 3},
        tokens(2000 / length * length),
        in(tokens, 6 * head_size),
        kept(tokens, 2) {
    for (std::size_t t = 0; t <= tokens; t += length) offsets.push_back(static_cast<std::uint32_t>(t));
  }
  ConstMatrix part(std::size_t i) const {
    return in.view.cols_at(i * 2 * shape.head_size, 2 * shape.head_size);
  }

  AttentionShape shape;
  std::size_t tokens;
  std::vector<std::uint32_t> offsets;
  Plain in;
  Plain kept;
};

void attention(benchmark::State& state) {
  const Sequences s(arg(state, 0), arg(state, 1), static_cast<float>(state.range(2)) / 10);
  const Plain out(s.tokens, 2 * s.shape.head_size);
  for (auto _ : state)
    cpu().attention(s.shape, s.offsets, s.part(0), s.part(1), s.part(2), out.view, s.kept.view);
  // Half of the square, twice: scores and sums.
  count(state, 2.0 * static_cast<double>(s.tokens * (arg(state, 0) + 1) * 2 * s.shape.head_size), s.tokens);
}
BENCHMARK(attention)
    ->Args({50, 64, 0})
    ->Args({50, 64, 2})
    ->Args({50, 32, 2})
    ->Args({8, 32, 2})
    ->Args({3, 32, 2});

void attention_backward(benchmark::State& state) {
  const Sequences s(arg(state, 0), arg(state, 1), static_cast<float>(state.range(2)) / 10);
  const std::size_t width = 2 * s.shape.head_size;
  const Plain out(s.tokens, width);
  const Plain dout(s.tokens, width, 2);
  const Plain d(s.tokens, 3 * width);
  cpu().attention(s.shape, s.offsets, s.part(0), s.part(1), s.part(2), out.view, s.kept.view);
  for (auto _ : state) {
    cpu().attention_backward(s.shape, s.offsets, s.part(0), s.part(1), s.part(2), out.view, s.kept.view,
                             dout.view, d.view.cols_at(0, width), d.view.cols_at(width, width),
                             d.view.cols_at(2 * width, width));
  }
  count(state, 5.0 * static_cast<double>(s.tokens * (arg(state, 0) + 1) * width), s.tokens);
}
BENCHMARK(attention_backward)
    ->Args({50, 64, 0})
    ->Args({50, 64, 2})
    ->Args({50, 32, 2})
    ->Args({8, 32, 2})
    ->Args({3, 32, 2});

void attention_step(benchmark::State& state) {
  const std::size_t head_size = arg(state, 1);
  const Plain keys(arg(state, 0), 2 * head_size);
  const Plain q(1, 2 * head_size);
  std::vector<float> out(2 * head_size);
  for (auto _ : state) cpu().attention_step({2, head_size, 0, 0}, q.values, keys.view, keys.view, out);
  count(state, 8.0 * static_cast<double>(keys.view.rows * head_size), 1);
}
BENCHMARK(attention_step)->Args({50, 64})->Args({50, 32})->Args({10, 64});

void sampled_softmax(benchmark::State& state) {
  const std::size_t negatives = arg(state, 0);
  Plain p(1, 256);
  Plain n(256, negatives);
  std::vector<std::uint32_t> targets(256);
  std::vector<std::uint32_t> ids(negatives);
  Random random(2);
  for (std::uint32_t& id : targets) id = random.below(4000);
  for (std::uint32_t& id : ids) id = random.below(4000);
  const std::vector<float> log_expected = random.values(negatives);
  for (auto _ : state) {
    benchmark::DoNotOptimize(cpu().sampled_softmax(p.values, n.view, targets, ids, log_expected, 1));
  }
  count(state, 6.0 * static_cast<double>(n.values.size()), n.values.size());
}
BENCHMARK(sampled_softmax)->Arg(1024)->Arg(2048);

void adam(benchmark::State& state) {
  const std::size_t size = arg(state, 0);
  const Plain gradient(1, size);
  Plain weight(1, size);
  std::vector<float> first(size);
  std::vector<float> second(size, 1.0f);
  for (auto _ : state) cpu().adam({}, gradient.values, weight.values, first, second);
  count(state, 12.0 * static_cast<double>(size), size);
}
BENCHMARK(adam)->Arg(64 * 256)->Arg(100'000 * 64);

void adam_rows(benchmark::State& state) {
  const std::size_t rows = 3000;
  const Plain gradient(rows, 64);
  const Plain weight(100'000, 64);
  const Plain first(100'000, 64);
  const Plain second(100'000, 64);
  std::vector<std::uint32_t> names(rows);
  for (std::size_t i = 0; i < rows; ++i) names[i] = static_cast<std::uint32_t>(i * 33);
  for (float& value : second.view.row_span(0)) value = std::abs(value);
  for (auto _ : state) cpu().adam_rows({}, names, gradient.view, weight.view, first.view, second.view);
  count(state, 12.0 * static_cast<double>(gradient.values.size()), rows);
}
BENCHMARK(adam_rows);

void als_solve(benchmark::State& state) {
  const std::size_t d = arg(state, 0);
  const std::size_t items = arg(state, 1);
  const Plain factors(4000, d);
  const Plain gram(d, d);
  cpu().matmul(factors.view, Op::kTranspose, factors.view, Op::kNone, 0.1f, 0, gram.view);
  Random random(3);
  std::vector<std::uint32_t> names(items);
  for (std::uint32_t& name : names) name = random.below(4000);
  const std::vector<float> confidence = random.values(items, 0, 20);
  std::vector<float> x(d);
  for (auto _ : state) cpu().als_solve(gram.view, factors.view, names, confidence, 1, x);
  const double n = static_cast<double>(d);
  count(state, n * n * static_cast<double>(items) + n * n * n / 3, 1);
}
BENCHMARK(als_solve)->Args({32, 20})->Args({64, 5})->Args({64, 20})->Args({64, 100})->Args({64, 500})->Args(
    {128, 100});

void top_k(benchmark::State& state) {
  const Plain scores(1, arg(state, 0));
  std::vector<std::uint64_t> allowed(scores.values.size() / 64 + 1, 0x5555555555555555);
  allowed.resize((scores.values.size() + 63) / 64);
  const std::span<const std::uint64_t> bitmap =
      state.range(2) != 0 ? allowed : std::span<const std::uint64_t>();
  for (auto _ : state) benchmark::DoNotOptimize(cpu().top_k(scores.values, arg(state, 1), bitmap));
  count(state, 0, scores.values.size());
}
BENCHMARK(top_k)
    ->Args({4000, 10, 0})
    ->Args({100'000, 10, 0})
    ->Args({100'000, 100, 0})
    ->Args({100'000, 1000, 0})
    ->Args({100'000, 100, 1})
    ->Args({1'000'000, 100, 0});

}  // namespace
}  // namespace segue::kernels

BENCHMARK_MAIN();
