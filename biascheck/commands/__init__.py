"""The commands of the command line, one file each; `biascheck.cli` opens the one that is asked for."""
