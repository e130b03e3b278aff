"""Results that a bank can check without us: signed, partly withheld where wanted, and withdrawn where need be."""
