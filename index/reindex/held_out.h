#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/catalogue.h"
#include "index/event.h"
#include "index/model/context_vocabulary.h"
#include "index/model/training_data.h"

namespace segue::index {

/// A log parted for validation: the models learn from `train` and are asked for the targets of `held_out`.
struct ValidationSplit {
  TrainingData train;
  std::vector<HeldOut> held_out;
};

/// Every item event of the log with a weight, sequence by sequence; queries that are no items have no place
/// in it. contexts: of the same log.
TrainingData all_events(const EventLog& log, std::size_t item_count, const EventContexts& contexts = {});

/// Holds back the last event on a searchable item of each sequence that has at least 3 item events and at
/// least one before that; what follows it is in neither part. Of more than `most` such sequences an even
/// sample is held back, drawn from the seed; the others are learned from whole.
ValidationSplit hold_back(const EventLog& log, const Catalogue& catalogue, std::size_t most,
                          std::uint64_t seed, const EventContexts& contexts = {});

/// What a training measures itself on: an even sample, at most `most`, of every second held-back sequence
/// from the first. Those are the ones on which constants are chosen; what the gate compares on stays unseen.
std::vector<HeldOut> measured_sample(std::span<const HeldOut> held_out, std::size_t most);

}  // namespace segue::index
