# What the figures of all scenarios are made with.
def rounds: split("\n") | map(select(. != "") | split(" ") | map(tonumber));
def median: sort | if length == 0 then null elif length % 2 == 1 then .[length / 2 | floor]
    else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def medians(column): map(.[column]) | median;
def hundredths: . * 100 | round / 100;
def ratio(rate; baseline_rate): if baseline_rate then rate / baseline_rate | hundredths else null end;
