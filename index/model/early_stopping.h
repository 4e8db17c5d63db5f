#pragma once

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace segue::index {

/// Decides after each epoch, from a measure of each held-out sequence, which epoch's weights to keep and when
/// to end. Higher is better.
///
/// The best epoch is the one with the highest mean. The chosen epoch is the latest whose mean is at most one
/// standard error of the paired difference below the best: under a falling rate later epochs have settled
/// more, and a difference within the noise of the sample is no reason to go back. The training is over when
/// `patience` epochs in a row were not chosen: a plateau runs on to the schedule's end, where the rate is
/// low. A value; thread-compatible.
class EarlyStopping {
 public:
  /// What a checkpoint keeps of it.
  struct State {
    std::size_t epochs = 0;     ///< that were measured
    std::size_t best = 0;       ///< the best epoch, from 1; 0 before the first
    std::size_t chosen = 0;     ///< the chosen epoch, from 1
    std::vector<float> values;  ///< of each sequence at the best epoch
  };

  /// patience 0: it never ends early.
  explicit EarlyStopping(std::size_t patience) : patience_(patience) {}
  EarlyStopping(std::size_t patience, State state) : patience_(patience), state_(std::move(state)) {}

  /// Takes the measures after the next epoch, sequences in the same order each time (else
  /// std::invalid_argument). True: this epoch is the chosen one as of now.
  bool add(std::span<const float> values);
  bool over() const { return patience_ > 0 && state_.epochs - state_.chosen >= patience_; }
  std::size_t chosen() const { return state_.chosen; }
  std::size_t patience() const { return patience_; }
  const State& state() const { return state_; }

 private:
  std::size_t patience_;
  State state_;
};

/// 0 for no values.
double mean_of(std::span<const float> values);

}  // namespace segue::index
