#!/usr/bin/env bash
# The whole way on the bundled genome: features, labels, training, prediction, evaluation, report.
# `make demo` runs this in its own environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p demo

echo "1. Collect everything known about the genome and its three cell types"
deepgrn-features --genome test-data/genome.fa.gz --assembly demo \
    --uniqueness test-data/uniqueness.bw \
    --accessibility alpha=test-data/alpha.bam --effective-genome-size 1080000 \
    --accessibility beta=test-data/beta.accessibility.bw \
    --accessibility gamma=test-data/gamma.accessibility.bw \
    --gtf test-data/genes.gtf --cpg-islands test-data/cpg_islands.bed \
    --expression test-data/expression.tsv --blacklist test-data/blacklist.bed \
    -o demo/features.h5

echo
echo "2. Label bins as bound or unbound from ChIP-seq peaks"
deepgrn-labels --features demo/features.h5 \
    --peaks alpha=test-data/alpha.conservative.narrowPeak,test-data/alpha.relaxed.narrowPeak \
    --peaks beta=test-data/beta.conservative.narrowPeak,test-data/beta.relaxed.narrowPeak \
    --peaks gamma=test-data/gamma.conservative.narrowPeak,test-data/gamma.relaxed.narrowPeak \
    -o demo/CTCF.labels.tsv.gz --summary demo/labels.tsv

echo
echo "3. Train on cells alpha and beta, chr2, chr3 and chr5; chr11 chooses the epoch; chr1 and cell gamma stay unseen"
# Half the usual filters and a faster pace: the genome is small, and so is the patience of who tries a program.
deepgrn-train demo/features.h5 demo/CTCF.labels.tsv.gz --cells alpha,beta \
    --filters 32 --negatives 3 --batch-size 32 --learning-rate 0.002 --dropout 0 --epochs 8 --threads 2 --resume \
    -o demo/CTCF.model.h5 --history demo/history.tsv --curves demo/training.png

echo
echo "4. Score chr1 in cell gamma"
deepgrn-predict demo/features.h5 demo/CTCF.model.h5 --cell gamma --chromosomes chr1 --threads 2 \
    -o demo/scores.bw -o demo/scores.bedGraph.gz -o demo/called.bed --summary demo/summary.tsv

echo
echo "5. Compare with the peaks of gamma on chr1"
deepgrn-evaluate --labels demo/CTCF.labels.tsv.gz gamma:CTCF=demo/scores.bw -o demo/metrics.tsv --curves demo/curves.png

echo
echo "6. Put it all on one page"
deepgrn-report --scores gamma:CTCF=demo/scores.bw --labels demo/CTCF.labels.tsv.gz --features demo/features.h5 \
    --model demo/CTCF.model.h5 --history demo/history.tsv -o demo/report.html

cat <<END

Done in $SECONDS s. In $PWD/demo:
  report.html         the report: open it in a browser
  scores.bw           the score track; open it in IGV (File > Load from File, with test-data/genome.fa.gz as the
                      genome), or put it on a web server and add its address as a UCSC custom track
  scores.bedGraph.gz  the same as text, with its index (.tbi): zless demo/scores.bedGraph.gz
  called.bed          regions scoring at least 0.5, best score and summit in columns 7 and 8
  metrics.tsv         how good the scores are, as a table: column -t demo/metrics.tsv
  curves.png          precision-recall and ROC curves; training.png: how training went
  CTCF.model.h5       the network; CTCF.labels.tsv.gz: what it learned from; history.tsv: its epochs
  features.h5         all inputs in one file; look inside: deepgrn-info demo/features.h5
To use the programs yourself: source .venv/bin/activate
The genome is invented so that neither accessibility nor the motif is enough: alone they reach an average precision of 0.25
and 0.22 on the same bins (test-data/README.md), and the base rate is 0.025.
END
