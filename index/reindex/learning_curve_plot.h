#pragma once

#include <span>
#include <string>

#include "index/model/learning_curve.h"

namespace segue::index {

/// Learning curves as a picture, SVG 1.1 that needs no other file: for each model a row of two panels, the
/// loss and the measure on validation over the epochs. "transformer" and "transformer (all events)" are two
/// lines of one model. A panel without points says so.
std::string learning_curves_svg(std::span<const LearningCurve> curves);

}  // namespace segue::index
