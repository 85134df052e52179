#include "cells.hpp"

#include <algorithm>

namespace quorate {

void Cells::take(std::size_t bytes) {
    budget_->take(bytes);
    held_ += bytes;
}

std::int32_t Cells::miss(std::size_t row, std::size_t column) {
    budget_->look();
    const auto [after, bytes] = ask_(static_cast<std::int32_t>(row), static_cast<std::int32_t>(column));
    take(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 0)));
    if (rows_.size() <= row) {
        take((row + 1 - rows_.size()) * sizeof(rows_[0]));
        rows_.resize(row + 1);
    }
    std::vector<std::int32_t>& cells = rows_[row];
    if (cells.size() <= column) {
        const std::size_t size = std::max(column + 1, cells.size() * 2);
        take((size - cells.size()) * sizeof(cells[0]));
        cells.resize(size, UNASKED);
    }
    cells[column] = after;
    budget_->look();
    return after;
}

}  // namespace quorate
