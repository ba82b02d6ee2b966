"""A slow, plain reference for the dynamic path: all years' equations stacked, loops instead of cubes, SciPy's hybr.

It shares no code and no method with the product: unknown are prices, sales and values of every year and of the
equilibrium at rest behind the last, all at once; a Newton-like root finder with numerical derivatives does the rest.
Capital is specific to sectors; base tariffs may be anything; deficits stay fixed in units of world factor income.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import root


def year(w, t_new, labour, capital, lam, P, Y):
    """(misses, real wages, real returns, income over prices) of one year at ratios P[s][n], Y[s][n] to the base."""
    X, t0, theta, gamma, gamma_v, alpha = w.shares
    J, N = len(theta), X.shape[1]
    Y0 = [[sum(X[s, o, d] for d in range(N)) for o in range(N)] for s in range(J)]
    E0 = [[sum(X[s, o, d] * (1 + t0[s, o, d]) for o in range(N)) for d in range(N)] for s in range(J)]
    deficit = [X[:, :, n].sum() - X[:, n, :].sum() for n in range(N)]
    wage = [[Y[s][n] / labour[s][n] for n in range(N)] for s in range(J)]
    rent = [[Y[s][n] / capital[s][n] for n in range(N)] for s in range(J)]
    cost = [[0.0] * N for _ in range(J)]
    for s in range(J):
        for n in range(N):
            c = (wage[s][n] ** lam * rent[s][n] ** (1 - lam)) ** gamma_v[s, n]
            for k in range(J):
                c *= P[k][n] ** gamma[k, s, n]
            cost[s][n] = c
    price = [[0.0] * N for _ in range(J)]
    share = np.zeros((J, N, N))
    for s in range(J):
        for d in range(N):
            total = 0.0
            for o in range(N):
                wedge = (1 + t_new[s, o, d]) / (1 + t0[s, o, d])
                share[s, o, d] = X[s, o, d] * (1 + t0[s, o, d]) / E0[s][d] * (cost[s][o] * wedge) ** -theta[s]
                total += share[s, o, d]
            price[s][d] = total ** (-1 / theta[s])
            share[s, :, d] /= total
    sold = np.zeros((J, N))
    income, basket = [0.0] * N, [1.0] * N
    for d in range(N):
        inputs = [sum(gamma[k, s, d] * Y0[s][d] * Y[s][d] for s in range(J)) for k in range(J)]
        taken = [sum(share[s, o, d] * t_new[s, o, d] / (1 + t_new[s, o, d]) for o in range(N)) for s in range(J)]
        earned = sum(gamma_v[s, d] * Y0[s][d] * Y[s][d] for s in range(J))
        spend = earned + deficit[d] + sum(taken[s] * inputs[s] for s in range(J))
        spend /= 1 - sum(taken[s] * alpha[s, d] for s in range(J))
        income[d] = spend
        for s in range(J):
            basket[d] *= P[s][d] ** alpha[s, d]
            for o in range(N):
                sold[s, o] += share[s, o, d] * (inputs[s] + alpha[s, d] * spend) / (1 + t_new[s, o, d])
    miss = []
    for s in range(J):
        for n in range(N):
            miss.append(math.log(price[s][n] / P[s][n]))
            miss.append(math.log(sold[s, n] / (Y0[s][n] * Y[s][n])))
    world = sum(gamma_v[s, n] * Y0[s][n] * Y[s][n] for s in range(J) for n in range(N))
    base = sum(gamma_v[s, n] * Y0[s][n] for s in range(J) for n in range(N))
    miss[1] = math.log(world / base)  # the numeraire instead of the market that clears when the others do
    real_wage = [[wage[s][n] / basket[n] for n in range(N)] for s in range(J)]
    real_rent = [[rent[s][n] / basket[n] for n in range(N)] for s in range(J)]
    redundant = math.log(sold[0, 0] / (Y0[0][0] * Y[0][0]))
    return miss, real_wage, real_rent, [income[n] / basket[n] for n in range(N)], redundant


def choices(share, stay, v, beta, nu):
    """Probabilities [j][k] of going from sector j to k, and the worth of the choice [j], of one country."""
    J = len(share)
    odds, worth = [], []
    for j in range(J):
        row = [((1 - stay) * share[k] + (stay if j == k else 0.0)) * math.exp(beta * v[k] / nu) for k in range(J)]
        odds.append([x / sum(row) for x in row])
        worth.append(nu * math.log(sum(row)))
    return odds, worth


def solve(w, schedules, lam, stay, nu, beta, delta):
    """The path: one entry a year with labour, capital, P, Y, real wages and income, and the same at rest."""
    J, N = len(w.theta), w.flows.shape[1]
    T = len(schedules)
    Y0 = w.flows.sum(axis=2)
    bill = w.gamma_v * Y0
    share = bill / bill.sum(axis=0)
    cells = J * N
    per_year, at_end = 3 * cells, 5 * cells

    def table(x):
        return [[x[s * N + n] for n in range(N)] for s in range(J)]

    def walk(z):
        miss, years = [], []
        end = np.split(z[T * per_year :], 5)
        P, Y, L, K = (table(np.exp(e)) for e in end[:4])
        v_end = table(end[4])
        m, wage, rent, real, redundant = year(w, schedules[-1], L, K, lam, P, Y)
        miss += m
        for n in range(N):
            odds, worth = choices(share[:, n], stay, [v_end[s][n] for s in range(J)], beta, nu)
            for s in range(J):
                miss.append(math.log(wage[s][n]) + worth[s] - v_end[s][n])
                miss.append(math.log(rent[s][n]))
                to = sum(share[j, n] * L[j][n] * odds[j][s] for j in range(J))
                miss.append(math.log(to / (share[s, n] * L[s][n])))
            miss[-1] = math.log(sum(share[s, n] * L[s][n] for s in range(J)))  # nobody is lost
        rest = {"L": L, "K": K, "P": P, "Y": Y, "wage": wage, "real": real, "v": v_end}
        L = K = [[1.0] * N for _ in range(J)]
        for t in range(T):
            p, y, v = np.split(z[t * per_year : (t + 1) * per_year], 3)
            P, Y, v = table(np.exp(p)), table(np.exp(y)), table(v)
            m, wage, rent, real, redundant = year(w, schedules[t], L, K, lam, P, Y)
            miss += m
            years.append({"L": L, "K": K, "P": P, "Y": Y, "wage": wage, "real": real, "redundant": redundant, "v": v})
            following = table(z[(t + 1) * per_year + 2 * cells : (t + 2) * per_year]) if t + 1 < T else v_end
            new_L, new_K = [[0.0] * N for _ in range(J)], [[0.0] * N for _ in range(J)]
            for n in range(N):
                odds, worth = choices(share[:, n], stay, [following[s][n] for s in range(J)], beta, nu)
                for s in range(J):
                    miss.append(math.log(wage[s][n]) + worth[s] - v[s][n])
                    new_L[s][n] = sum(share[j, n] * L[j][n] * odds[j][s] for j in range(J)) / share[s, n]
                    new_K[s][n] = beta * (1 - delta + (1 / beta - 1 + delta) * rent[s][n]) * K[s][n]
            L, K = new_L, new_K
        return np.array(miss), years, rest

    found = root(lambda z: walk(z)[0], np.zeros(T * per_year + at_end), method="hybr", options={"xtol": 1e-13})
    miss, years, rest = walk(found.x)
    assert np.abs(miss).max() < 1e-10, np.abs(miss).max()
    assert max(abs(y["redundant"]) for y in years) < 1e-9
    return years, rest
