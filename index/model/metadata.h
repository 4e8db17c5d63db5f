#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "index/model/history_decay.h"
#include "index/safetensors.h"

namespace segue::index {

/// The shortest text that reads back as the same number.
std::string number_text(double value);

/// A model's constants in the metadata of its file. Each throws Error (kDamagedStore) naming file and key
/// when the key is missing or no such number.
double number_metadata(const Safetensors& file, std::string_view key);
std::uint64_t count_metadata(const Safetensors& file, std::string_view key);
HistoryDecay decay_metadata(const Safetensors& file, std::string_view key);

/// Throws Error (kDamagedStore) "FILE: what".
[[noreturn]] void refuse(const Safetensors& file, std::string_view what);

/// The tensor `name` as the rows of a catalogue that a model knows: rising ItemIds below item_count, else it
/// refuses.
std::span<const std::int32_t> vocabulary_tensor(const Safetensors& file, std::string_view name,
                                                std::size_t item_count);

}  // namespace segue::index
