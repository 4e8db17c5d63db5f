#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/model/training_data.h"

namespace segue::index {

/// How fast the weight of an event fades: it counts weight * 2^(-age / half_life), its age taken from the
/// newest event of the data, so that the same log gives the same counts whenever it is read. Seconds, above
/// 0; nothing: events never fade.
using HalfLife = std::optional<double>;

/// "30d"; "none".
std::string to_string(const HalfLife& half_life);

/// The time of the newest event, where any is known.
std::optional<double> newest_time(const TrainingData& data);

/// What each event counts, [events]; an event whose time is not known is taken for the oldest of the data.
/// Without a half-life, or in data without times, its weight.
std::vector<float> faded_weights(const TrainingData& data, const HalfLife& half_life);

}  // namespace segue::index
