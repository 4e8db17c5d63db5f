// Times alternating least squares on a generated listening log (als_problem.h; by default of last.fm 360K's
// shape), and writes the log for tests/peers/implicit_als.py.
//
//     als_benchmark [key=value ...]
//
// write=1 writes als_problem.bin to the working folder and ends. Constants: users, items, length, factors,
// iterations, alpha (confidence 1 + alpha plays), ridge, steps (of conjugate gradients; 0: Cholesky),
// threads.

#include <chrono>
#include <cstdio>
#include <ctime>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>

#include "index/model/alternating_least_squares.h"
#include "tests/index/als_problem.h"
#include "tests/index/benchmark_input.h"

namespace {

using namespace segue;
using namespace segue::index;

using testing::Arguments;

template <class T>
void put(std::FILE* file, const std::vector<T>& values) {
  if (std::fwrite(values.data(), sizeof(T), values.size(), file) != values.size())
    throw std::runtime_error("als_problem.bin cannot be written");
}

/// Users, items and entries as u64, then the users' rows in compressed form: offsets u64, items u32, plays
/// f32.
void write(const Interactions& interactions) {
  const PairRows& rows = interactions.by_user();
  std::FILE* file = std::fopen("als_problem.bin", "wb");
  if (file == nullptr) throw std::runtime_error("als_problem.bin cannot be opened");
  put(file, std::vector<std::uint64_t>{rows.offsets.size() - 1, interactions.vocabulary().size(),
                                       rows.others.size()});
  put(file, std::vector<std::uint64_t>(rows.offsets.begin(), rows.offsets.end()));
  put(file, rows.others);
  put(file, rows.weights);
  if (std::fclose(file) != 0) throw std::runtime_error("als_problem.bin cannot be written");
}

void run(const Arguments& arguments) {
  testing::AlsProblem problem;
  problem.users = arguments.count("users", problem.users);
  problem.items = arguments.count("items", problem.items);
  problem.mean_length = arguments.real("length", problem.mean_length);
  const Interactions interactions(generate(problem));
  if (arguments.count("write", 0) != 0) return write(interactions);

  MfOptions options;
  options.factors = arguments.count("factors", 64);
  options.unobserved_weight = 1;
  options.confidence = arguments.real("alpha", 1);
  options.ridge = arguments.real("ridge", 0.01);
  options.ridge_exponent = 0;
  options.descent_steps = arguments.count("steps", options.descent_steps);
  kernels::ThreadPool pool(arguments.count("threads", 0));
  const auto backend = kernels::make_backend(kernels::Device::kCpu);
  AlternatingLeastSquares als(interactions, options, *backend, pool);
  std::printf("%zu users, %zu items, %zu entries; %zu factors, %zu steps, %zu threads\n",
              als.user_factors().rows, als.item_factors().rows, interactions.by_user().others.size(),
              options.factors, options.descent_steps, pool.size());
  for (std::size_t i = 1; i <= arguments.count("iterations", 8); ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t processor = std::clock();
    als.iterate(Progress());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double busy = static_cast<double>(std::clock() - processor) / CLOCKS_PER_SEC;
    std::printf("iteration %zu: %.3f s, processor %.3f s, objective %.6e\n", i, seconds.count(), busy,
                als.objective());
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(Arguments(argc, argv, 1));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
