#include "cells.hpp"

#include <algorithm>

namespace quorate {

std::int32_t Cells::miss(std::size_t row, std::size_t column) {
    // A state in the interpreter takes a few hundred bytes more, about as much as this.
    constexpr std::size_t PER_STATE = 256;
    budget_->look();
    const std::int32_t after = ask_(static_cast<std::int32_t>(row), static_cast<std::int32_t>(column));
    if (rows_.size() <= row) {
        budget_->take((row + 1 - rows_.size()) * (sizeof(rows_[0]) + PER_STATE));
        rows_.resize(row + 1);
    }
    std::vector<std::int32_t>& cells = rows_[row];
    if (cells.size() <= column) {
        const std::size_t size = std::max(column + 1, cells.size() * 2);
        budget_->take((size - cells.size()) * sizeof(cells[0]));
        cells.resize(size, UNASKED);
    }
    cells[column] = after;
    budget_->look();
    return after;
}

}  // namespace quorate
