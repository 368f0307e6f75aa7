// placeholder until the style check lands in this commit series
